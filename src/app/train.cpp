#include "commands.hpp"
#include "hoist/comm/agree.hpp"
#include "training.hpp"

namespace hoist {

CommandSyntax train_syntax() { return {training_options(), {"CONFIG"}, CommandSyntax::Keys::all}; }

ExitStatus run_train(const Communicator& world, const CommandLine& line) {
    const std::string file = line.get<std::vector<std::string>>("argument").front();
    return run_training(world, line, read_config(world, file, line.keys()));
}

}  // namespace hoist
