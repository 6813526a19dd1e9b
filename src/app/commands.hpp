#pragma once

#include "command_line.hpp"

namespace hoist {

ExitStatus run_train(const Communicator& world, const Command& command,
                     const std::vector<std::string>& arguments);
ExitStatus run_tune(const Communicator& world, const Command& command,
                    const std::vector<std::string>& arguments);
ExitStatus run_finetune(const Communicator& world, const Command& command,
                        const std::vector<std::string>& arguments);
ExitStatus run_evaluate(const Communicator& world, const Command& command,
                        const std::vector<std::string>& arguments);
ExitStatus run_predict(const Communicator& world, const Command& command,
                       const std::vector<std::string>& arguments);
ExitStatus run_invert(const Communicator& world, const Command& command,
                      const std::vector<std::string>& arguments);
ExitStatus run_certify(const Communicator& world, const Command& command,
                       const std::vector<std::string>& arguments);
ExitStatus run_inspect(const Communicator& world, const Command& command,
                       const std::vector<std::string>& arguments);
ExitStatus run_plan(const Communicator& world, const Command& command,
                    const std::vector<std::string>& arguments);
ExitStatus run_report(const Communicator& world, const Command& command,
                      const std::vector<std::string>& arguments);
ExitStatus run_export(const Communicator& world, const Command& command,
                      const std::vector<std::string>& arguments);
ExitStatus run_import(const Communicator& world, const Command& command,
                      const std::vector<std::string>& arguments);
ExitStatus run_data(const Communicator& world, const Command& command,
                    const std::vector<std::string>& arguments);
ExitStatus run_bench(const Communicator& world, const Command& command,
                     const std::vector<std::string>& arguments);

}  // namespace hoist
