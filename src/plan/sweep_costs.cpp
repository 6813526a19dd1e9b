#include <algorithm>
#include <numeric>

#include "hoist/math/normal_equations.hpp"
#include "hoist/problem/batches.hpp"
#include "rank_costs.hpp"
#include "rank_part.hpp"

namespace hoist {

namespace {

constexpr double full = sizeof(double);

/// One rank of a placed run, in the numbers that its memory and its work are made of.
class SweepModel : RankPart {
  public:
    SweepModel(const Config& config, const SampleFacts& samples, const Placement& placement,
               int rank)
        : RankPart(config, placement, rank),
          joint_(config.activation_step == ActivationStep::joint),
          regresses_(solves_regressions(config)),
          pivoting_(regresses_ &&
                    config.formulation.nnls.method == NnlsOptions::Method::block_pivoting) {
        const ColumnBlocks blocks = training_blocks(config, samples.train);
        const Range own = placement.grid.owned(rank, blocks.count());
        columns_ = blocks.columns(own).size();
        blocks_in_all_ = static_cast<double>(blocks.count());
        block_ = static_cast<double>(std::min(blocks.width(), columns_));
        const auto evaluated = [&](Index count) {
            return share(count, ColumnBlocks(count, config.grid.block, network_.widest()));
        };
        held_ = static_cast<double>(columns_);
        if (!network_.pictures()) {
            held_ += evaluated(samples.validation) + evaluated(samples.test);
        }
        pictures_ = samples.pictures;
    }

    Index columns() const { return columns_; }

    MemoryPlan memory() const {
        MemoryPlan memory;
        memory.samples = sample_bytes(held_) + picture_bytes(pictures_);
        memory.activations = (activation_rows() * scalar_ + full) * own();
        memory.weights = weights();
        const double writing = rank_ == 0 ? writer_pages : 0.0;
        memory.program = program_pages + writing;
        // Before the first sweep the activations have no pages yet, but the Gram matrix of the
        // inputs and its copy under the factorization lie beside the factor.
        const double fitting = first() && !config_.chooses ? input_gram() + product() : 0.0;
        // The matrix under a factorization in the course of the run.
        const double factoring = refactors() ? square(inputs_of(0) + 1) * full : 0.0;
        const double sweeping = std::max({kept_by_the_heap(), sweep_scratch(), factoring});
        memory.scratch = panels() + std::max(sweeping, fitting - memory.activations - writing) +
                         comparison_bytes(pictures_);
        return memory;
    }

    // X_l goes down and U_{l+1} up, every column once; in the joint step once in each iteration,
    // and X_l at its end, U_{l+1} after the refit.
    double bytes_sent() const {
        const double down = first() ? 0.0 : width(layers_.begin);
        const double up = last() ? 0.0 : maps(layers_.end - 1);
        const double times = joint_ ? config_.joint_iterations + 1 : 1;
        double numbers = summed_over_shards();
        if (joint_ && placement_.grid.ranks() > 1) {
            // Norms of the weights once, and in each iteration what every block and layer says of its
            // momentum.
            numbers += static_cast<double>(network_.layers()) *
                       (1.0 + blocks_in_all_ * config_.joint_iterations);
        }
        return times * (down + up) * own() * scalar_ + numbers * full;
    }

    double column_flops(const std::vector<double>& costs) const {
        return std::accumulate(costs.begin() + layers_.begin, costs.begin() + layers_.end, 0.0);
    }

  private:
    double own() const { return static_cast<double>(columns_); }

    /// X_l and U_l of the hidden layers, and X_{e+1} or U_{L+1} above them.
    double activation_rows() const {
        double rows = width(layers_.end);
        for (Index l = std::max<Index>(layers_.begin, 1); l < layers_.end; ++l) {
            rows += (joint_ ? 2.0 : 1.0) * width(l) + maps(l - 1);
        }
        return rows;
    }

    /// The numbers in the normal equations: those of the inputs have no Gram matrix.
    double equations() const {
        if (config_.chooses) {  // the costs of all labels
            return static_cast<double>(config_.formulation.loss.labels()) * (inputs_of(0) + 1);
        }
        double numbers = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const double n = inputs_of(l);
            const double m = outputs_of(l);
            numbers += l > 0 ? NormalEquations::size(n, m, shards())
                             : NormalEquations::moment_size(n, m, shards());
        }
        return numbers;
    }

    /// The numbers that a sweep sums: every further step of the output weights adds their moment.
    double summed_over_shards() const {
        if (shards() == 1.0) {
            return 0.0;
        }
        double numbers = equations();
        for (Index l = layers_.begin; l < layers_.end && !config_.chooses; ++l) {
            numbers += solution_numbers(inputs_of(l), outputs_of(l));
        }
        const double n = inputs_of(layers_.end - 1);
        const double repeated =
            NormalEquations::moment_size(n, outputs(), shards()) + solution_numbers(n, outputs());
        const bool repeats = last() && config_.improves_output();
        return numbers + (repeats ? (config_.inner - 1) * repeated : 0.0);
    }

    double weights() const {
        double bytes = equations() * full + fixed_bytes();
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            bytes += (inputs_of(l) + 1) * outputs_of(l) * scalar_;
            bytes +=
                l > 0 && regresses(l) ? square(width(l)) * (pivoting_ ? 2.0 * full : scalar_) : 0.0;
        }
        if (first() && !config_.chooses) {
            bytes += square(inputs_of(0) + 1) * full;
            bytes += refactors() ? NormalEquations::size(inputs_of(0), 1, shards()) * full : 0.0;
        }
        if (last() && config_.inner > 1 && layers_.end > 1) {
            bytes += square(inputs_of(layers_.end - 1) + 1) * full;
        }
        return bytes;
    }

    bool regresses(Index layer) const { return regresses_ && network_.map(layer).plain(); }
    static double square(double n) { return n * n; }
    bool refactors() const { return first() && config_.refactors_inputs(); }
    double input_gram() const { return 1.5 * square(inputs_of(0) + 1) * full; }
    double product() const { return square(inputs_of(0)) * scalar_; }

    double panels() const {
        double widest = 0.0;
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            widest = std::max({widest, width(l), maps(l)});
        }
        return panel_rows * (widest + block_) * scalar_;
    }

    // The C library gives back at once only what is larger than anything freed before; the buffer
    // that the inputs were read into is the largest, the next is the block product of their Gram
    // matrix.
    double kept_by_the_heap() const {
        if (!first()) {
            return 0.0;
        }
        const double read = width(0) * block_ * full;
        return product() + (square(inputs_of(0) + 1) * full <= read ? input_gram() : 0.0);
    }

    double sweep_scratch() const {
        double solving = 0.0;
        double moving = 0.0;
        double widest = maps(layers_.end - 1);
        for (Index l = layers_.begin; l < layers_.end; ++l) {
            const double n = inputs_of(l);
            const double m = outputs_of(l);
            const double factors = l > 0 ? 2.0 * square(n + 1) * full : 0.0;
            solving = std::max(solving, factors + (n + 1) * m * full);
            solving = std::max(solving, n * std::max(l > 0 ? n : 0.0, m) * scalar_);
            if (l > 0) {
                moving = std::max(moving, moving_rows(l) * block_);
                widest = std::max({widest, width(l), maps(l - 1)});
            }
        }
        // Four blocks on their way up while training and four while evaluating, where two arrive
        // and two are at hand.
        const double leaving = last() ? 0.0 : 8.0 * maps(layers_.end - 1);
        const double arriving = first() ? 0.0 : 2.0 * maps(layers_.begin - 1);
        return solving + moving + (leaving + arriving + 2.0 * widest) * block_ * scalar_;
    }

    /// Bytes for each column of a block on the move: right-hand sides, or the iterates, gradients and
    /// slopes of gradient steps.
    double moving_rows(Index l) const {
        if (regresses(l)) {
            return width(l) * (pivoting_ ? 4.0 * full : scalar_);
        }
        return (5.0 * width(l) + 2.0 * maps(l)) * scalar_;
    }

    bool joint_;
    bool regresses_;
    bool pivoting_;
    Index columns_ = 0;
    double blocks_in_all_ = 0.0;
    /// Columns of its widest block, and of all samples that it holds.
    double block_ = 0.0;
    double held_ = 0.0;
    PictureFacts pictures_;
};

}  // namespace

RankCosts sweep_costs(const Config& config, const SampleFacts& samples, const Placement& placement,
                      int rank, const std::vector<double>& costs) {
    const SweepModel model(config, samples, placement, rank);
    RankCosts result;
    result.columns = model.columns();
    result.memory = model.memory();
    result.bytes_sent = model.bytes_sent();
    result.flops = model.column_flops(costs) * static_cast<double>(model.columns());
    return result;
}

}  // namespace hoist
