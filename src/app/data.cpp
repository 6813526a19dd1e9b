#include "commands.hpp"
#include "hoist/base/error.hpp"
namespace hoist {
ExitStatus run_data(const Communicator&, const Command&, const std::vector<std::string>&) {
    throw UsageError("not yet");
}
}  // namespace hoist
