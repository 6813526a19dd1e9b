#include "key.hpp"

namespace hoist {

std::vector<Key> train_keys() {
    return {
        {{"train.sweeps", "10", "sweeps over all activations and weights (weights.solver = ridge)"},
         [](const Value& v, Config& c) { c.sweeps = v.whole_number(0); }},
        {{"train.epochs", "10", "passes over the data (all other weights.solver)"},
         [](const Value& v, Config& c) { c.epochs = v.whole_number(0); }},
        {{"train.batch", "100", "samples per mini-batch; 0: all"},
         [](const Value& v, Config& c) { c.batch = v.whole_number(0); }},
        {{"train.rounds", "1",
          "passes over a mini-batch before the next, so that an epoch is as many passes over the "
          "data"},
         [](const Value& v, Config& c) { c.rounds = static_cast<int>(v.whole_number(1, 10000)); }},
        {{"train.staleness", "0",
          "mini-batches that the lower stages may run ahead of the signals from above; 0: exact"},
         [](const Value& v, Config& c) { c.staleness = v.whole_number(0, 1000); }},
        {{"train.drain_every", "0",
          "mini-batches after which the stages that run ahead wait until all steps are done: there "
          "a "
          "run can stop; 0: at the end of an epoch only"},
         [](const Value& v, Config& c) { c.drain_every = v.whole_number(0); }},
        {{"train.look_ahead", "false",
          "layers that run ahead of their steps (train.staleness) do so with the weights that "
          "these "
          "are expected to lead to"},
         [](const Value& v, Config& c) { c.look_ahead = v.yes_or_no(); }},
        {{"train.probe", "false",
          "compare the gradient of a mini-batch with that of back-propagation after every epoch"},
         [](const Value& v, Config& c) { c.probe = v.yes_or_no(); }},
        {{"train.dropout", "0",
          "share of hidden units that drop out on mini-batches, one or one per hidden layer"},
         [](const Value& v, Config& c) {
             c.dropout = v.numbers(c.network.layers() - 1, 0.0, 0.99);
         }},
        {{"train.label_smoothing", "0",
          "share of each label on mini-batches that is spread evenly over the classes (softmax)"},
         [](const Value& v, Config& c) { c.label_smoothing = v.number(0.0, 0.99); }},
        {{"train.inner", "10", "majorization steps of the output weights in each sweep"},
         [](const Value& v, Config& c) { c.inner = static_cast<int>(v.whole_number(1, 1000000)); }},
        {{"train.schedule", "wavefront", "order of the block updates: wavefront, checkerboard"},
         [](const Value& v, Config& c) {
             c.schedule = static_cast<Schedule>(v.choice({"wavefront", "checkerboard"}));
         }},
        {{"train.seed", "1", "seed of the weights and of the validation split"},
         [](const Value& v, Config& c) { c.seed = static_cast<std::uint64_t>(v.whole_number(0)); }},
        {{"train.precision", "float", "of data and products: float, double"},
         [](const Value& v, Config& c) {
             c.precision = static_cast<Precision>(v.choice({"float", "double"}));
         }},
        {{"train.target_accuracy", "0", "stop at this test accuracy in per cent; 0: never"},
         [](const Value& v, Config& c) { c.target_accuracy = v.number(0.0, 100.0); }},
        {{"train.evaluate_every", "1",
          "sweeps or epochs between figures of the training part; 0: after the last alone (the "
          "other parts are looked at after each)"},
         [](const Value& v, Config& c) { c.evaluate_every = v.whole_number(0); }},
        {{"train.time_limit", "0", "stop with a checkpoint after so many seconds; 0: never"},
         [](const Value& v, Config& c) { c.time_limit = v.number(0.0); }},
        {{"train.watchdog", "0",
          "end the job, saying what it waits for, after so many seconds without progress; longer "
          "than the longest reading, sweep or checkpoint; 0: never"},
         [](const Value& v, Config& c) { c.watchdog = v.number(0.0, 1e9); }},
    };
}

}  // namespace hoist
