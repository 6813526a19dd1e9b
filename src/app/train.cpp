#include "commands.hpp"
#include "hoist/comm/agree.hpp"
#include "training.hpp"

namespace hoist {

ExitStatus run_train(const Communicator& world, const Command& command,
                     const std::vector<std::string>& arguments) {
    CommandLine line(command, training_options(), {"CONFIG"}, CommandLine::Keys::all);
    agree(world, [&] { line.parse(arguments); });
    if (line.help_wanted()) {
        return show_help(world, line);
    }
    const std::string file = line.get<std::vector<std::string>>("argument").front();
    return run_training(world, line, read_config(world, file, line.keys()));
}

}  // namespace hoist
