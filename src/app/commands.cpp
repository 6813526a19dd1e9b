#include "commands.hpp"

#include "hoist/base/text.hpp"
#include "known_configurations.hpp"

namespace hoist {

const std::vector<Command>& commands() {
    static const std::vector<Command> table{
        {"train", "CONFIG [options]",
         "Trains a network and keeps everything about the run in one directory.", train_syntax,
         run_train, OnSignal::stops_in_order},
        {"evaluate", "MODEL [options]",
         "Measures a model on data: accuracy, loss, confusion, objective, gaps.", evaluate_syntax,
         run_evaluate},
        {"predict", "MODEL --out FILE.csv|.h5 [options]", "Writes a model's predictions.",
         predict_syntax, run_predict},
        {"invert", "MODEL --out DIR [options]",
         "Finds inputs for given outputs, or for given values of a hidden layer.", invert_syntax,
         run_invert},
        {"certify", "MODEL [options]",
         "Bounds how far a model's outputs move: certified radii and accuracies.", certify_syntax,
         run_certify},
        {"inspect", "MODEL", "Shows what a model or checkpoint file holds.", inspect_syntax,
         run_inspect},
        {"plan", "CONFIG --ranks N [options]",
         "Shows the grid, memory, traffic and predicted time per rank of a run.", plan_syntax,
         run_plan},
        {"export", "MODEL --to FILE.onnx|.npz", "Writes a model for other tools, as ONNX or NPZ.",
         export_syntax, run_export},
        {"import", "FILE.onnx|.npz --out MODEL.h5",
         "Makes a model of a chain of dense maps from another tool.", import_syntax, run_import},
        {"report", "DIR ... --out FILE.html|--follow [options]",
         "Shows runs on one page: what was run, curves, times, weights, errors.", report_syntax,
         run_report},
        {"tune", "CONFIG --trials N [options]",
         "Searches settings for the best validation figure, by Bayesian optimization.", tune_syntax,
         run_tune, OnSignal::stops_in_order},
        {"finetune", "CONFIG [--from MODEL] [options]",
         "Trains by back-propagation, from a lifted model or another start.", finetune_syntax,
         run_finetune, OnSignal::stops_in_order},
        {"new", join(configuration_names(), "|") + " [options]",
         "Prints a commented configuration to begin with.", new_syntax, run_new},
        {"data", "glyphs|describe|convert [options]",
         "Makes the embedded data set; shows or converts a data set.", data_syntax, run_data},
        {"bench", "[kernels|sweep|exchange] [options]",
         "Measures the kernels, one sweep, or messages.", bench_syntax, run_bench},
        {"completion", "bash|zsh",
         "Prints what completes the commands and options of hoist in a shell.", completion_syntax,
         run_completion},
    };
    return table;
}

}  // namespace hoist
