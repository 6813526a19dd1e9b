#include "batch_model.hpp"
#include "hoist/train/gradient_probe.hpp"
#include "lrrn_part.hpp"

namespace hoist {

namespace {

/// The same of a lifted regression/reconstruction network, whose batches are relaxed.
class LrrnModel : public BatchModel {
  public:
    LrrnModel(const Config& config, const SampleFacts& samples, const Placement& placement,
              int rank)
        : BatchModel(config, samples, placement, rank), part_(config, placement, rank) {}

    MemoryPlan memory() const {
        MemoryPlan memory = BatchModel::memory();
        const double buffers_below = part_.phases() > 1 ? 3.0 : 2.0;
        const double messages = (first() ? 0.0 : buffers_below * part_.rows_below()) +
                                (last() ? 0.0 : 2.0 * part_.rows_above());
        const double rows = part_.rows_of_batch() + messages + (first() ? width(0) : 0.0) +
                            (last() ? 2.0 * outputs() : 0.0);
        memory.activations = (part_.rows_kept() * columns_ + rows * batch_columns_) * scalar_;
        memory.weights += (part_.curvatures() + equations()) * scalar_;
        // Groups of blocks that are relaxed for evaluation, without an adjoint.
        memory.scratch = (panel_rows * (panel_width() + batch_columns_) +
                          part_.blocks_at_once() * static_cast<double>(evaluated_width_) *
                              (3.0 * part_.rows_moved() + 2.0 * part_.rows_above() + messages)) *
                         scalar_;
        return memory;
    }

    double bytes_sent() const {
        const double blocks = static_cast<double>(own_.size()) * steps();
        return (part_.messages_up() * (part_.rows_above() * columns_ + blocks) +
                part_.messages_down() * (part_.rows_below() * columns_ + blocks) +
                steps() * part_.rows_above() * part_.rows_above() * part_.receivers_above() +
                (shards() > 1.0 ? steps() * numbers_summed() : 0.0)) *
               scalar_;
    }

  private:
    LrrnPart part_;
};

template <typename Model>
RankCosts costs_of(const Model& model, const std::vector<double>& costs) {
    RankCosts result;
    result.columns = static_cast<Index>(model.columns());
    result.memory = model.memory();
    result.bytes_sent = model.bytes_sent();
    result.flops = model.flops(costs);
    return result;
}

}  // namespace

RankCosts batch_costs(const Config& config, const SampleFacts& samples, const Placement& placement,
                      int rank, const std::vector<double>& costs) {
    if (config.formulation.is_lrrn()) {
        return costs_of(LrrnModel(config, samples, placement, rank), costs);
    }
    RankCosts result = costs_of(BatchModel(config, samples, placement, rank), costs);
    if (config.probe) {
        const Config by_back = by_back_propagation(config);
        const MemoryPlan back = BatchModel(by_back, samples, placement, rank).memory();
        result.memory.activations += back.activations;
        result.memory.weights += back.weights;
    }
    return result;
}

}  // namespace hoist
