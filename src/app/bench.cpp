#include "commands.hpp"
#include "hoist/base/error.hpp"
namespace hoist {
ExitStatus run_bench(const Communicator&, const Command&, const std::vector<std::string>&) {
    throw UsageError("not yet");
}
}  // namespace hoist
