#include "hoist/problem/placement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

/// A cut of the layers into stages and the ranks of each.
struct Cut {
    std::vector<Range> layers;
    std::vector<int> shards;
};

class Costs {
  public:
    explicit Costs(const std::vector<double>& costs) : sums_(costs.size() + 1, 0.0) {
        std::partial_sum(costs.begin(), costs.end(), sums_.begin() + 1);
    }
    Index layers() const { return static_cast<Index>(sums_.size()) - 1; }
    double of(Range layers) const {
        return sums_[static_cast<std::size_t>(layers.end)] -
               sums_[static_cast<std::size_t>(layers.begin)];
    }

  private:
    std::vector<double> sums_;
};

// Cuts into `stages` stages by dynamic programming: best[s][i] is the least total of `price` (or
// the least maximum, as `combine` says) over cuts of the first i layers into s stages.
template <typename Price, typename Combine>
std::vector<Range> cut_layers(Index layers, int stages, Price price, Combine combine,
                              double& value) {
    const auto width = static_cast<std::size_t>(layers + 1);
    std::vector<std::vector<double>> best(
        static_cast<std::size_t>(stages + 1),
        std::vector<double>(width, std::numeric_limits<double>::infinity()));
    std::vector<std::vector<Index>> from(best.size(), std::vector<Index>(width, 0));
    best[0][0] = 0.0;
    for (int s = 1; s <= stages; ++s) {
        const auto row = static_cast<std::size_t>(s);
        for (Index end = s; end <= layers; ++end) {
            for (Index begin = s - 1; begin < end; ++begin) {
                const double before = best[row - 1][static_cast<std::size_t>(begin)];
                const double candidate = combine(before, price(s - 1, Range{begin, end}));
                if (candidate < best[row][static_cast<std::size_t>(end)]) {
                    best[row][static_cast<std::size_t>(end)] = candidate;
                    from[row][static_cast<std::size_t>(end)] = begin;
                }
            }
        }
    }
    value = best.back().back();
    std::vector<Range> ranges(static_cast<std::size_t>(stages));
    Index end = layers;
    for (int s = stages; s >= 1; --s) {
        const Index begin = from[static_cast<std::size_t>(s)][static_cast<std::size_t>(end)];
        ranges[static_cast<std::size_t>(s - 1)] = {begin, end};
        end = begin;
    }
    return ranges;
}

Cut cut_for_shards(const Costs& costs, const std::vector<int>& shards) {
    double unused = 0.0;
    const auto time = [&](int stage, Range layers) {
        return costs.of(layers) / shards[static_cast<std::size_t>(stage)];
    };
    const auto longer = [](double a, double b) { return std::max(a, b); };
    return {cut_layers(costs.layers(), static_cast<int>(shards.size()), time, longer, unused),
            shards};
}

double heaviest(const Costs& costs, const Cut& cut) {
    double most = 0.0;
    for (std::size_t s = 0; s < cut.layers.size(); ++s) {
        most = std::max(most, costs.of(cut.layers[s]) / cut.shards[s]);
    }
    return most;
}

// The cut into `stages` stages and the shards for which the heaviest rank has least to do:
// bisection on its time, for which the fewest ranks that suffice follow by dynamic programming.
// Ranks left over go where they help most.
Cut balanced_cut(const Costs& costs, int stages, int ranks) {
    const double total = costs.of({0, costs.layers()});
    double low = total / ranks;
    double high = total;
    Cut cut;
    const auto needed = [&](double time) {
        double count = 0.0;
        const auto price = [&](int, Range layers) {
            return std::max(1.0, std::ceil(costs.of(layers) / time - 1e-9));
        };
        cut.layers = cut_layers(costs.layers(), stages, price, std::plus<>(), count);
        return count;
    };
    for (int step = 0; step < 50 && high - low > 1e-6 * high; ++step) {
        const double middle = 0.5 * (low + high);
        (needed(middle) <= ranks ? high : low) = middle;
    }
    needed(high);
    cut.shards.assign(cut.layers.size(), 1);
    for (int left = ranks - stages; left > 0; --left) {
        std::size_t most = 0;
        for (std::size_t s = 1; s < cut.layers.size(); ++s) {
            if (costs.of(cut.layers[s]) * cut.shards[most] >
                costs.of(cut.layers[most]) * cut.shards[s]) {
                most = s;
            }
        }
        ++cut.shards[most];
    }
    return cut;
}

Cut most_stages_near_the_best(const Costs& costs, int ranks) {
    const int most = static_cast<int>(std::min<Index>(costs.layers(), ranks));
    std::vector<Cut> cuts;
    double best = std::numeric_limits<double>::infinity();
    for (int stages = 1; stages <= most; ++stages) {
        cuts.push_back(balanced_cut(costs, stages, ranks));
        best = std::min(best, heaviest(costs, cuts.back()));
    }
    const auto near = [&](const Cut& cut) { return heaviest(costs, cut) <= 1.05 * best; };
    return *std::ranges::find_if(cuts.rbegin(), cuts.rend(), near);
}

std::string shards_text(const std::vector<int>& shards) {
    std::vector<std::string> texts;
    for (const int count : shards) {
        texts.push_back(std::to_string(count));
    }
    return join(texts, ",");
}

[[noreturn]] void refuse(const std::string& problem, const std::string& why, const Cut& nearest) {
    throw UsageError(
        problem, why,
        "the nearest grid that works is grid.stages = " + std::to_string(nearest.shards.size()) +
            ", grid.shards = " + shards_text(nearest.shards));
}

std::vector<Index> stages_above(const std::vector<Range>& stages) {
    std::vector<Index> above;
    for (auto stage = stages.begin(); stage != stages.end(); ++stage) {
        above.insert(above.end(), static_cast<std::size_t>(stage->size()),
                     stages.end() - stage - 1);
    }
    return above;
}

// As many ranks of their own would have them.
std::vector<Range> emulated_stages(const Costs& costs, int emulated, int real) {
    const std::string problem =
        "grid.emulated_stages = " + std::to_string(emulated) + " does not fit";
    if (emulated > costs.layers()) {
        throw UsageError(
            problem,
            "a stage has a layer at least, and there are " + std::to_string(costs.layers()),
            "set grid.emulated_stages to " + std::to_string(costs.layers()) + " or fewer");
    }
    if (emulated < real) {
        throw UsageError(problem, "the run has " + std::to_string(real) + " stages",
                         "set grid.emulated_stages to " + std::to_string(real) +
                             " or more, or fewer grid.stages");
    }
    return balanced_cut(costs, emulated, emulated).layers;
}

}  // namespace

Placement place(const std::vector<double>& layer_cost, const GridOptions& options, int ranks) {
    const Costs costs(layer_cost);
    const int most_stages = static_cast<int>(std::min<Index>(costs.layers(), ranks));
    const std::string have =
        std::to_string(costs.layers()) + " layers and " + std::to_string(ranks) + " ranks";
    std::vector<int> shards = options.shards;
    int stages = options.stages;
    if (stages > most_stages) {
        refuse("grid.stages = " + std::to_string(stages) + " does not fit", "there are " + have,
               balanced_cut(costs, most_stages, ranks));
    }
    if (shards.size() > 1 && stages > 0 && stages != static_cast<int>(shards.size())) {
        refuse("grid.shards = " + shards_text(shards) +
                   " does not fit grid.stages = " + std::to_string(stages),
               "it must be one number, or one per stage", balanced_cut(costs, stages, ranks));
    }
    if (shards.size() == 1) {
        if (stages == 0) {
            stages = std::max(1, ranks / shards.front());
        }
        shards.resize(static_cast<std::size_t>(stages), shards.front());
    }
    Cut cut;
    if (!shards.empty()) {
        const int stages_given = static_cast<int>(shards.size());
        const int nearest = std::clamp(stages_given, 1, most_stages);
        if (stages_given > costs.layers() ||
            std::accumulate(shards.begin(), shards.end(), 0) != ranks) {
            refuse("grid.shards = " + shards_text(shards) + " does not fit", "there are " + have,
                   balanced_cut(costs, nearest, ranks));
        }
        cut = cut_for_shards(costs, shards);
    } else {
        cut = stages > 0 ? balanced_cut(costs, stages, ranks)
                         : most_stages_near_the_best(costs, ranks);
    }
    const int emulated = options.emulated_stages;
    return {ProcessGrid(cut.shards), cut.layers,
            stages_above(emulated > 0
                             ? emulated_stages(costs, emulated, static_cast<int>(cut.layers.size()))
                             : cut.layers)};
}

std::string Placement::text() const {
    std::vector<std::string> groups;
    std::vector<std::string> shards;
    for (int stage = 0; stage < grid.stages(); ++stage) {
        const Range range = layers[static_cast<std::size_t>(stage)];
        groups.push_back(range.size() == 1
                             ? std::to_string(range.begin)
                             : std::to_string(range.begin) + "-" + std::to_string(range.end - 1));
        shards.push_back(std::to_string(grid.shards(stage)));
    }
    return std::to_string(grid.stages()) + (grid.stages() == 1 ? " stage" : " stages") +
           " (layers " + join(groups, " | ") + ") x shards " + join(shards, ", ");
}

}  // namespace hoist
