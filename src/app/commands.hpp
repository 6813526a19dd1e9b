#pragma once

#include "command_line.hpp"

namespace hoist {

/// All commands, in the order in which they are shown.
const std::vector<Command>& commands();

// Of each: what it takes, and what it does.

CommandSyntax train_syntax();
ExitStatus run_train(const Communicator& world, const CommandLine& line);

CommandSyntax tune_syntax();
ExitStatus run_tune(const Communicator& world, const CommandLine& line);

CommandSyntax finetune_syntax();
ExitStatus run_finetune(const Communicator& world, const CommandLine& line);

CommandSyntax evaluate_syntax();
ExitStatus run_evaluate(const Communicator& world, const CommandLine& line);

CommandSyntax predict_syntax();
ExitStatus run_predict(const Communicator& world, const CommandLine& line);

CommandSyntax invert_syntax();
ExitStatus run_invert(const Communicator& world, const CommandLine& line);

CommandSyntax certify_syntax();
ExitStatus run_certify(const Communicator& world, const CommandLine& line);

CommandSyntax inspect_syntax();
ExitStatus run_inspect(const Communicator& world, const CommandLine& line);

CommandSyntax plan_syntax();
ExitStatus run_plan(const Communicator& world, const CommandLine& line);

CommandSyntax report_syntax();
ExitStatus run_report(const Communicator& world, const CommandLine& line);

CommandSyntax export_syntax();
ExitStatus run_export(const Communicator& world, const CommandLine& line);

CommandSyntax import_syntax();
ExitStatus run_import(const Communicator& world, const CommandLine& line);

CommandSyntax new_syntax();
ExitStatus run_new(const Communicator& world, const CommandLine& line);

CommandSyntax data_syntax();
ExitStatus run_data(const Communicator& world, const CommandLine& line);

CommandSyntax bench_syntax();
ExitStatus run_bench(const Communicator& world, const CommandLine& line);

CommandSyntax completion_syntax();
ExitStatus run_completion(const Communicator& world, const CommandLine& line);

}  // namespace hoist
