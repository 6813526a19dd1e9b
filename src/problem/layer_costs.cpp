#include "hoist/formulation/lrrn.hpp"
#include "hoist/model/map_work.hpp"
#include "hoist/problem/placement.hpp"

namespace hoist {

namespace {

/// The operations of each map for one column, in the part that stages and shards divide.
class ColumnCosts {
  public:
    ColumnCosts(const Config& config, Index l, double input_cost)
        : config_(config),
          layer_(l),
          first_(l == 0),
          last_(l + 1 == config.network.layers()),
          map_(config.network.map(l)),
          work_(kernels_, map_),
          outputs_(static_cast<double>(map_.to.size())),
          input_cost_(first_ ? input_cost : 1.0) {}

    double of_batches() const {
        const int iterations = config_.formulation.iterations;
        const int passes = config_.formulation.passes;
        double cost = (map() + work_.gradient(1.0).flops) * input_cost_;
        if (!first_) {  // block solves apply W and its transpose in every step
            cost += iterations > 1 ? iterations * (map() + pull_back())
                                   : passes * pull_back() + (passes - 1) * map();
        }
        using Kind = WeightSolverOptions::Kind;
        const Kind kind = config_.solver(layer_, 0).kind;
        const bool gram = kind == Kind::gram;
        if (gram || kind == Kind::implicit) {
            cost += solves_in_batch(config_.solver(layer_, config_.batch), map_.inputs())
                        ? static_cast<double>(map_.inputs() * config_.batch)
                        : work_.input_gram(1.0).flops;
        }
        const bool signals = gram && config_.weights.sides == GramSides::both;
        return cost + (signals ? work_.signal_gram(1.0).flops : 0.0);
    }

    // With all sweeps of all phases.
    double of_lrrn() const {
        const auto n = static_cast<double>(map_.inputs());
        const auto m = static_cast<double>(map_.outputs());
        const FormulationOptions& options = config_.formulation;
        const Index top = topmost_block(config_.network, options);
        const double product = 2.0 * n * m;
        const auto batch = static_cast<double>(config_.batch);
        const double once = batch > 0.0 ? 2.0 * m * product / batch : 0.0;
        const double sweeps =
            static_cast<double>(phases_of_batch(config_.network, options) * options.sweeps);
        const double visits = sweeps * (layer_ == 1 || layer_ == top ? 1.0 : 2.0);
        const double block = visits * 2.0 * n * n;
        const double output = last_ && top > layer_ ? sweeps * 2.0 * m * m : 0.0;
        if (first_) {
            return 2.0 * product * input_cost_ + output + once;
        }
        return layer_ < top ? block + output + (2.0 * sweeps + 4.0) * product + once
                            : block + 3.0 * product;
    }

    double of_sweeps() const {
        const bool joint = config_.activation_step == ActivationStep::joint;
        double cost = map() + moment();
        if (!first_) {
            cost += work_.gram(1.0).flops + move(joint);
        } else if (joint) {
            cost += map();
        }
        if (last_ && config_.improves_output()) {
            // Products with so few rows run at about half the speed of others, and T costs about as much as
            // a thousand operations per output (measured with 10 outputs).
            const double step = 2.0 * (map() + moment()) + 1000.0 * outputs_;
            cost += map() + step * (config_.inner - 1);
        }
        return cost;
    }

  private:
    double map() const { return work_.apply(1.0).flops; }
    double pull_back() const { return work_.pull_back(1.0).flops; }
    double moment() const { return work_.moment(1.0).flops; }

    double move(bool joint) const {
        const FormulationOptions& options = config_.formulation;
        if (options.name != "classical") {  // the slope that T is made from, and the blocks
            return map() + work_.gradient_steps(1.0, options.iterations, false).flops;
        }
        if (!joint && !map_.plain()) {
            return work_.gradient_steps(1.0, options.nnls.sweeps, false).flops;
        }
        const bool pivoting = options.nnls.method == NnlsOptions::Method::block_pivoting;
        return joint ? config_.joint_iterations * (map() + pull_back())
                     : work_.descent(1.0, pivoting ? 10.0 : options.nnls.sweeps).flops;
    }

    static constexpr KernelWork kernels_{sizeof(float)};
    const Config& config_;
    Index layer_;
    bool first_;
    bool last_;
    const MapSpec& map_;
    MapWork work_;
    double outputs_;
    double input_cost_;
};

}  // namespace

std::vector<double> layer_costs(const Config& config, double input_cost) {
    std::vector<double> costs;
    for (Index l = 0; l < config.network.layers(); ++l) {
        const ColumnCosts column(config, l, input_cost);
        costs.push_back(config.formulation.is_lrrn() ? column.of_lrrn()
                        : config.fit == Fit::batches ? column.of_batches()
                                                     : column.of_sweeps());
    }
    return costs;
}

}  // namespace hoist
