#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "command_line.hpp"
#include "hoist/problem/model_config.hpp"
#include "hoist/train/lifted_state.hpp"

namespace hoist {

/// The samples whose scores are computed, and written, together.
constexpr Index samples_at_once = 16384;

/// Collective over the world. The file that a MODEL argument means to rank 0: itself, or the model.h5 or else the newest
/// checkpoint of a run directory. @throws MissingError on every rank.
std::filesystem::path find_model(const Communicator& world, const std::string& argument);

/// The data that evaluate and predict use: those of `given` where it names any, otherwise the test
/// part of the model's configuration. The part is opened for the model: its classes are numbered as
/// the model's.
/// @throws UsageError where there is none, DataError where it does not fit the network.
std::unique_ptr<Dataset> open_for_model(const ModelHeader& header, const Config& config,
                                        const ConfigText& given);

/// Rank 0 warns of what is odd about the data.
void print_remarks(const Communicator& world, const Dataset& data);

/// A model read by all ranks, each its own layers.
template <typename Scalar>
struct LoadedModel {
    Config config;
    ModelHeader header;
    Placement placement;
    Communicator peers;
    Stage<Scalar> stage;

    PlacedNetwork<Scalar> network(const Communicator& world) {
        return {config, world, peers, placement, stage, header.targets};
    }
    std::unique_ptr<Inference<Scalar>> inference(const Communicator& world) const {
        return make_inference<Scalar>(config.formulation, world, placement, stage);
    }
};

/// Collective over the world. @throws on every rank, as read_model_header.
template <typename Scalar>
LoadedModel<Scalar> load_model(const Communicator& world, const std::filesystem::path& path);

/// Collective. The precision that the model was trained in. @throws as read_model_header; verifies
/// the checksum.
Precision model_precision(const Communicator& world, const std::filesystem::path& path);

/// The samples `chosen` of `data`, inputs and values standardized as the model's were. Collective.
template <typename Scalar>
Samples<Scalar> load_for_model(const LoadedModel<Scalar>& model, const Communicator& world,
                               Dataset& data, const std::vector<Index>& chosen);

}  // namespace hoist
