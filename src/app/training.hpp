#pragma once

#include "command_line.hpp"

namespace hoist {

/// The options that train and finetune share.
boost::program_options::options_description training_options();

/// Trains as `given` says, into the run directory that `line` names; prints what happens. Stops
/// with a checkpoint on the signals of catch_stop_signals. Collective over the world. @throws as Trainer.
ExitStatus run_training(const Communicator& world, const CommandLine& line,
                        const GivenConfig& given);

}  // namespace hoist
