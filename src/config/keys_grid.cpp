#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

namespace {

void read_shards(const Value& value, Config& config) {
    config.grid.shards.clear();
    if (value.text == "auto") {
        return;
    }
    for (const std::string& piece : split(value.text, ',')) {
        config.grid.shards.push_back(
            static_cast<int>(Value{value.name, piece}.whole_number(1, 1 << 20)));
    }
}

void read_checkpoint_interval(const Value& value, Config& config) {
    CheckpointOptions& options = config.checkpoint;
    options.every_sweeps = 0;
    options.every_seconds = 0.0;
    if (value.text.ends_with('s')) {
        options.every_seconds =
            Value{value.name, value.text.substr(0, value.text.size() - 1)}.number(0.0);
    } else {
        options.every_sweeps = value.whole_number(0);
    }
}

}  // namespace

std::vector<Key> grid_keys() {
    return {
        {{"grid.stages", "auto",
          "groups of consecutive layers on ranks of their own: auto, or a number"},
         [](const Value& v, Config& c) {
             c.grid.stages = v.text == "auto" ? 0 : static_cast<int>(v.whole_number(1, 1 << 20));
         }},
        {{"grid.shards", "auto",
          "ranks that share the samples of a stage: auto, a number, or one per stage"},
         read_shards},
        {{"grid.block", "auto", "columns per block: auto, or a number"},
         [](const Value& v, Config& c) {
             c.grid.block = v.text == "auto" ? 0 : v.whole_number(1, 1 << 20);
         }},
        {{"grid.emulated_stages", "0",
          "delay the steps of train.staleness as so many stages would, on any grid of fewer; 0: as "
          "those that run"},
         [](const Value& v, Config& c) {
             c.grid.emulated_stages = static_cast<int>(v.whole_number(0, 1 << 20));
         }},
    };
}

std::vector<Key> checkpoint_keys() {
    return {
        {{"checkpoint.every", "600s",
          "sweeps, or seconds (600s) also within an epoch, between checkpoints; 0: only when "
          "stopped"},
         read_checkpoint_interval},
        {{"checkpoint.keep", "2", "checkpoints kept"},
         [](const Value& v, Config& c) { c.checkpoint.keep = v.whole_number(1); }},
        {{"checkpoint.required", "true",
          "whether one that cannot be written ends the run: true, false"},
         [](const Value& v, Config& c) { c.checkpoint.required = v.yes_or_no(); }},
    };
}

}  // namespace hoist
