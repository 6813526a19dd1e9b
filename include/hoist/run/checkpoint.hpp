#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/config/config.hpp"
#include "hoist/math/weight_solver.hpp"
#include "hoist/problem/model_file.hpp"
#include "hoist/problem/placement.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/problem/variables.hpp"

namespace hoist {

/// What a checkpoint holds beside the weights.
template <typename Scalar>
struct CheckpointState {
    /// The activations that persist from sweep to sweep, and their samples; null: none do.
    const Samples<Scalar>* samples = nullptr;
    const Variables<Scalar>* variables = nullptr;
    /// What the weight solvers remember of each layer of this rank's stage, and its names.
    std::vector<std::vector<Matrix<Scalar>*>> solver;
    std::function<std::vector<SolverState>(Index layer)> entries;
};

/// Collective over the world: writes the weights of all stages as `path`, and of a checkpoint what
/// `state` holds: all hidden activations (/activations/l is n_l x N in the order of the data) and
/// what the weight solvers remember (/solver/l/NAME). Rank 0 writes; it receives one column block at a time. @throws
/// OutputError on every rank; then no file and nothing half-written is left.
template <typename Scalar>
void write_model(const std::filesystem::path& path, const ModelHeader& header,
                 const Communicator& world, const Placement& placement, const Stage<Scalar>& stage,
                 const CheckpointState<Scalar>& state = {});

/// Fills all X_l of `variables`, the one from above too, from a checkpoint, whatever grid wrote it.
/// @throws DataError where the file has another number of samples. @pre the file's checksum has been
/// verified.
template <typename Scalar>
void read_activations(const std::filesystem::path& path, const Samples<Scalar>& samples,
                      const NetworkSpec& network, Variables<Scalar>& variables);

/// Fills what the weight solvers of the layers `range` remember. @throws DataError where the file
/// has none of the right size. @pre the file's checksum has been verified.
template <typename Scalar>
void read_solver_state(const std::filesystem::path& path, const Config& config, Range range,
                       const std::vector<std::vector<Matrix<Scalar>*>>& state);

}  // namespace hoist
