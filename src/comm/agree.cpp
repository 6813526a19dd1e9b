#include "hoist/comm/agree.hpp"

#include <functional>
#include <new>
#include <optional>

#include "hoist/base/error.hpp"

namespace hoist {

void agree(const Communicator& ranks, const std::function<void()>& work) {
    std::optional<Error> error;
    try {
        work();
    } catch (const Error& own) {
        error = own;
    } catch (const std::bad_alloc&) {
        error = SystemError("out of memory", "an allocation failed",
                            "use more ranks or nodes; `hoist plan` shows what each rank needs");
    } catch (const std::exception& other) {
        error = Defect("an unexpected error", other.what(), "please report it");
    }
    const double first = ranks.min(error ? ranks.rank() : ranks.size());
    if (first >= ranks.size()) {
        return;
    }
    const int root = static_cast<int>(first);
    Index status = error ? static_cast<Index>(error->status()) : 0;
    ranks.broadcast(std::span(&status, 1), root);
    const std::string message = ranks.broadcast(error ? error->what() : "", root);
    throw Error(static_cast<ExitStatus>(status), message).as_agreed();
}

void require_equal(const Communicator& ranks, const std::string& text, const std::string& problem) {
    const std::string first = ranks.broadcast(text, 0);
    agree(ranks, [&] {
        if (text != first) {
            throw UsageError(problem,
                             "rank " + std::to_string(ranks.rank()) + " differs from rank 0",
                             "start every rank with the same command and files");
        }
    });
}

}  // namespace hoist
