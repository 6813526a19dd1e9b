#include "hoist/run/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "collector.hpp"
#include "hoist/base/error.hpp"
#include "hoist/train/batch_step.hpp"

namespace hoist {

namespace {

std::string solver_name(Index layer, const SolverState& state) {
    return "/solver/" + std::to_string(layer) + "/" + state.name;
}
std::string activations_name(Index layer) { return "/activations/" + std::to_string(layer); }

template <typename Scalar>
std::span<const Scalar> view(const Matrix<Scalar>& matrix) {
    return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

template <typename Scalar>
std::span<Scalar> view(Matrix<Scalar>& matrix) {
    return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

/// Writes one file. Each function is collective over the world.
template <typename Scalar>
class ModelWriter {
  public:
    ModelWriter(const ModelHeader& header, const Communicator& world, const Placement& placement,
                const Stage<Scalar>& stage, const CheckpointState<Scalar>& state)
        : header_(header),
          network_(header.network),
          placement_(placement),
          stage_(stage),
          state_(state),
          collector_(world) {}

    void operator()(const std::filesystem::path& path) {
        collector_.attempt([&] {
            file_.emplace(path, expected_bytes());
            write_model_header(*file_, header_);
        });
        for (int stage = 0; stage < placement_.grid.stages(); ++stage) {
            const Range layers = placement_.layers[static_cast<std::size_t>(stage)];
            for (Index l = layers.begin; l < layers.end; ++l) {
                weights(stage, l);
                solver_state(stage, l);
                activations(stage, l);
            }
            if (layers.end == network_.layers()) {
                activations(stage, layers.end);
            }
        }
        collector_.attempt([&] { file_->commit(); });
        collector_.attempt([&] { file_.reset(); });
        collector_.agree_on_success();
    }

  private:
    bool persists(Index l) const {
        return state_.samples != nullptr && l > 0 && l <= network_.hidden();
    }

    Index expected_bytes() const {
        Index numbers = 0;
        for (Index l = 0; l < network_.layers(); ++l) {
            const MapSpec& map = network_.map(l);
            numbers += (map.inputs() + (map.normalized ? 3 : 1)) * map.outputs();
            if (persists(l + 1)) {
                numbers += network_.block(l + 1).size() * state_.samples->blocks.samples();
            }
            if (state_.entries) {
                for (const SolverState& entry : state_.entries(l)) {
                    numbers += entry.rows * entry.columns;
                }
            }
        }
        return numbers * static_cast<Index>(sizeof(Scalar));
    }

    void weights(int stage, Index l) {
        const int owner = placement_.grid.rank_of(stage, 0);
        const MapSpec& map = network_.map(l);
        const std::string name = layer_name(l);
        collector_.piece<Scalar>(
            owner, map.inputs(), map.outputs(),
            [&] { return Matrix<Scalar>(stage_.of(l).matrix.transpose()); },
            [&](const Matrix<Scalar>& transposed) {  // whose columns are the rows of W
                file_->template write<Scalar>(name + "/weights", map.outputs(), map.inputs(),
                                              view(transposed));
            });
        collector_.piece<Scalar>(
            owner, map.outputs(), 1, [&] { return Matrix<Scalar>(stage_.of(l).bias); },
            [&](const Matrix<Scalar>& bias) {
                file_->template write<Scalar>(name + "/bias", view(bias));
            });
        if (map.normalized) {
            collector_.piece<Scalar>(
                owner, map.outputs(), 2,
                [&] {
                    Matrix<Scalar> moments(map.outputs(), 2);
                    moments << stage_.of(l).moments.mean, stage_.of(l).moments.variance;
                    return moments;
                },
                [&](const Matrix<Scalar>& moments) {
                    const Matrix<Scalar> mean = moments.col(0);
                    const Matrix<Scalar> variance = moments.col(1);
                    file_->template write<Scalar>(name + "/mean", view(mean));
                    file_->template write<Scalar>(name + "/variance", view(variance));
                });
        }
        collector_.attempt([&] {
            file_->attribute(name, "activation", network_.name_above(l + 1));
            file_->attribute(
                name, "name",
                l + 1 > network_.hidden() ? "output" : "hidden " + std::to_string(l + 1));
            if (l < network_.hidden() && network_.activation(l + 1).traits().learned) {
                const Vector<double> numbers = network_.activation(l + 1).coefficients();
                file_->template write<double>(
                    coefficients_name(l),
                    std::span<const double>(numbers.data(),
                                            static_cast<std::size_t>(numbers.size())));
            }
        });
    }

    void solver_state(int stage, Index l) {
        if (!state_.entries) {
            return;
        }
        const auto position = static_cast<std::size_t>(l - stage_.lowest());
        const std::vector<SolverState> entries = state_.entries(l);
        for (std::size_t i = 0; i < entries.size(); ++i) {
            collector_.piece<Scalar>(
                placement_.grid.rank_of(stage, 0), entries[i].rows, entries[i].columns,
                [&] { return *state_.solver[position][i]; },
                [&](const Matrix<Scalar>& matrix) {
                    file_->template write<Scalar>(solver_name(l, entries[i]), view(matrix));
                });
        }
    }

    void activations(int stage, Index l) {
        if (!persists(l)) {
            return;
        }
        const ColumnBlocks& blocks = state_.samples->blocks;
        const Index rows = network_.block(l).size();
        collector_.attempt([&] {
            file_->template create<Scalar>(activations_name(l), rows, blocks.samples(),
                                           blocks.width());
        });
        for (Index block = 0; block < blocks.count(); ++block) {
            const Range range = blocks.columns(block);
            collector_.piece<Scalar>(
                placement_.grid.owner(stage, block, blocks.count()), rows, range.size(),
                [&] {
                    const Range local = state_.samples->local(block);
                    return Matrix<Scalar>(
                        state_.variables->x(l).middleCols(local.begin, local.size()));
                },
                [&](const Matrix<Scalar>& columns) {
                    file_->template write_columns<Scalar>(activations_name(l), range.begin, rows,
                                                          view(columns));
                });
        }
    }

    const ModelHeader& header_;
    const NetworkSpec& network_;
    const Placement& placement_;
    const Stage<Scalar>& stage_;
    const CheckpointState<Scalar>& state_;
    Collector collector_;
    std::optional<Hdf5Writer> file_;
};

}  // namespace

template <typename Scalar>
void write_model(const std::filesystem::path& path, const ModelHeader& header,
                 const Communicator& world, const Placement& placement, const Stage<Scalar>& stage,
                 const CheckpointState<Scalar>& state) {
    ModelWriter<Scalar>(header, world, placement, stage, state)(path);
}

template <typename Scalar>
void read_activations(const std::filesystem::path& path, const Samples<Scalar>& samples,
                      const NetworkSpec& network, Variables<Scalar>& variables) {
    const Hdf5Reader file(path, Hdf5Reader::Checksum::trusted);
    const Range layers = variables.layers();
    const Index end = std::min(layers.end, network.hidden()) + 1;  // one more from above
    for (Index l = std::max<Index>(layers.begin, 1); l < end; ++l) {
        const std::array<Index, 2> shape = file.shape(activations_name(l));
        if (shape != std::array<Index, 2>{network.block(l).size(), samples.blocks.samples()}) {
            throw DataError(path.string() + " does not fit the data",
                            "it has activations of " + std::to_string(shape[1]) +
                                " samples, and there are " +
                                std::to_string(samples.blocks.samples()),
                            "resume with the data of the run");
        }
        variables.x(l).resize(network.block(l).size(), samples.columns.size());
        file.read_columns<Scalar>(activations_name(l), samples.columns.begin, view(variables.x(l)));
    }
}

template <typename Scalar>
void read_solver_state(const std::filesystem::path& path, const Config& config, Range range,
                       const std::vector<std::vector<Matrix<Scalar>*>>& state) {
    const Hdf5Reader file(path, Hdf5Reader::Checksum::trusted);
    for (Index l = range.begin; l < range.end; ++l) {
        const std::vector<SolverState> entries = solver_entries(config, l);
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const std::string name = solver_name(l, entries[i]);
            Matrix<Scalar>& matrix = *state[static_cast<std::size_t>(l - range.begin)][i];
            const std::vector<Scalar> values =
                file.has(name) ? file.read<Scalar>(name) : std::vector<Scalar>();
            if (static_cast<Index>(values.size()) != matrix.size()) {
                throw UsageError("the run cannot be resumed with another weights.solver",
                                 path.string() + " lacks " + name + ", or has another size of it",
                                 "use the configuration of the run, or another --out");
            }
            std::ranges::copy(values, matrix.data());
        }
    }
}

template void write_model(const std::filesystem::path&, const ModelHeader&, const Communicator&,
                          const Placement&, const Stage<float>&, const CheckpointState<float>&);
template void read_activations(const std::filesystem::path&, const Samples<float>&,
                               const NetworkSpec&, Variables<float>&);
template void read_solver_state(const std::filesystem::path&, const Config&, Range,
                                const std::vector<std::vector<Matrix<float>*>>&);
template void write_model(const std::filesystem::path&, const ModelHeader&, const Communicator&,
                          const Placement&, const Stage<double>&, const CheckpointState<double>&);
template void read_activations(const std::filesystem::path&, const Samples<double>&,
                               const NetworkSpec&, Variables<double>&);
template void read_solver_state(const std::filesystem::path&, const Config&, Range,
                                const std::vector<std::vector<Matrix<double>*>>&);

}  // namespace hoist
