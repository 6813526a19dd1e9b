#include "hoist/problem/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

#include "hoist/base/text.hpp"
#include "support/messages.hpp"

namespace hoist {
namespace {

// Calls visit(parts) for every way to write `total` as an ordered sum of `count` positive numbers.
template <typename Visit>
void for_each_sum(int total, int count, std::vector<int>& parts, const Visit& visit) {
    if (count == 0) {
        if (total == 0) {
            visit(parts);
        }
        return;
    }
    for (int part = 1; part <= total - count + 1; ++part) {
        parts.push_back(part);
        for_each_sum(total - part, count - 1, parts, visit);
        parts.pop_back();
    }
}

// What the costliest rank has to do.
double heaviest(const std::vector<double>& costs, const std::vector<int>& layers,
                const std::vector<int>& shards) {
    double most = 0.0;
    auto next = costs.begin();
    for (std::size_t s = 0; s < layers.size(); ++s) {
        const auto end = next + layers[s];
        most = std::max(most, std::accumulate(next, end, 0.0) / shards[s]);
        next = end;
    }
    return most;
}

double heaviest(const std::vector<double>& costs, const Placement& placement) {
    std::vector<int> layers;
    std::vector<int> shards;
    for (int s = 0; s < placement.grid.stages(); ++s) {
        layers.push_back(static_cast<int>(placement.layers[static_cast<std::size_t>(s)].size()));
        shards.push_back(placement.grid.shards(s));
    }
    return heaviest(costs, layers, shards);
}

// The least that is possible with so many stages, by trying everything.
double best_of_all(const std::vector<double>& costs, int stages, int ranks) {
    double best = std::numeric_limits<double>::infinity();
    std::vector<int> layers;
    std::vector<int> shards;
    for_each_sum(static_cast<int>(costs.size()), stages, layers, [&](const auto& cut) {
        for_each_sum(ranks, stages, shards, [&](const auto& counts) {
            best = std::min(best, heaviest(costs, cut, counts));
        });
    });
    return best;
}

void expect_complete(const Placement& placement, Index layers, int ranks) {
    EXPECT_EQ(placement.grid.ranks(), ranks);
    ASSERT_EQ(static_cast<int>(placement.layers.size()), placement.grid.stages());
    Index next = 0;
    for (const Range& range : placement.layers) {
        EXPECT_EQ(range.begin, next);
        EXPECT_GE(range.size(), 1);
        next = range.end;
    }
    EXPECT_EQ(next, layers);
}

std::vector<std::vector<double>> some_costs() {
    std::vector<std::vector<double>> all{{1.0}, {1.0, 1.0}, {1000.0, 1.0, 1.0, 1.0}, {1, 2, 3, 4}};
    std::mt19937_64 engine(5);
    std::lognormal_distribution<double> any(0.0, 1.5);
    for (int layers = 1; layers <= 6; ++layers) {
        for (int i = 0; i < 4; ++i) {
            std::vector<double> costs;
            std::generate_n(std::back_inserter(costs), layers, [&] { return any(engine); });
            all.push_back(costs);
        }
    }
    return all;
}

constexpr double slack = 1.0 + 1e-5;

TEST(Placement, puts_every_layer_in_one_stage_and_uses_every_rank) {
    for (const auto& costs : some_costs()) {
        for (int ranks = 1; ranks <= 12; ++ranks) {
            const Placement placement = place(costs, {}, ranks);
            expect_complete(placement, std::ssize(costs), ranks);
            for (int rank = 0; rank < ranks; ++rank) {
                const int stage = placement.grid.stage_of(rank);
                EXPECT_EQ(placement.layers_of(rank),
                          placement.layers[static_cast<std::size_t>(stage)]);
                EXPECT_EQ(placement.first(rank), placement.layers_of(rank).begin == 0);
                EXPECT_EQ(placement.last(rank), placement.layers_of(rank).end == std::ssize(costs));
            }
        }
    }
}

TEST(Placement, with_a_number_of_stages_no_cut_and_no_shards_are_better) {
    for (const auto& costs : some_costs()) {
        for (int ranks = 1; ranks <= 8; ++ranks) {
            const int most = std::min(ranks, static_cast<int>(costs.size()));
            for (int stages = 1; stages <= most; ++stages) {
                const Placement placement = place(costs, {stages, {}, 0}, ranks);
                expect_complete(placement, std::ssize(costs), ranks);
                EXPECT_EQ(placement.grid.stages(), stages);
                EXPECT_LE(heaviest(costs, placement), slack * best_of_all(costs, stages, ranks));
            }
        }
    }
}

TEST(Placement, left_alone_takes_the_most_stages_within_a_twentieth_of_the_best) {
    for (const auto& costs : some_costs()) {
        for (int ranks = 1; ranks <= 8; ++ranks) {
            const int most = std::min(ranks, static_cast<int>(costs.size()));
            std::vector<double> by_stages;
            for (int stages = 1; stages <= most; ++stages) {
                by_stages.push_back(best_of_all(costs, stages, ranks));
            }
            const double best = *std::ranges::min_element(by_stages);
            const Placement placement = place(costs, {}, ranks);
            EXPECT_LE(heaviest(costs, placement), 1.05 * slack * best);
            for (int stages = placement.grid.stages() + 1; stages <= most; ++stages) {
                EXPECT_GT(by_stages[static_cast<std::size_t>(stages - 1)] * slack, 1.05 * best);
            }
        }
    }
}

TEST(Placement, honors_explicit_shards_and_cuts_best_for_them) {
    for (const auto& costs : some_costs()) {
        for (int ranks = 1; ranks <= 7; ++ranks) {
            const int most = std::min(ranks, static_cast<int>(costs.size()));
            for (int stages = 2; stages <= most; ++stages) {
                std::vector<int> shards;
                for_each_sum(ranks, stages, shards, [&](const std::vector<int>& wanted) {
                    const Placement placement = place(costs, {0, wanted, 0}, ranks);
                    expect_complete(placement, std::ssize(costs), ranks);
                    double best = std::numeric_limits<double>::infinity();
                    std::vector<int> cut;
                    for_each_sum(static_cast<int>(costs.size()), stages, cut,
                                 [&](const auto& layers) {
                                     best = std::min(best, heaviest(costs, layers, wanted));
                                 });
                    for (int s = 0; s < stages; ++s) {
                        EXPECT_EQ(placement.grid.shards(s), wanted[static_cast<std::size_t>(s)]);
                    }
                    EXPECT_LE(heaviest(costs, placement), slack * best);
                });
            }
        }
    }
}

TEST(Placement, one_number_of_shards_holds_for_all_stages) {
    const std::vector<double> costs{5.0, 3.0, 1.0};
    const Placement derived = place(costs, {0, {2}, 0}, 6);
    EXPECT_EQ(derived.grid.stages(), 3);
    const Placement given = place(costs, {2, {3}, 0}, 6);
    EXPECT_EQ(given.grid.stages(), 2);
    for (int s = 0; s < 2; ++s) {
        EXPECT_EQ(given.grid.shards(s), 3);
    }
}

TEST(Placement, refuses_what_cannot_work_with_a_grid_that_can) {
    struct Wrong {
        GridOptions options;
        Index layers;
        int ranks;
    };
    const std::vector<Wrong> all{
        {{4, {}, 0}, 3, 8},           {{3, {}, 0}, 3, 2},        {{0, {1, 2}, 0}, 3, 4},
        {{0, {2, 2, 2, 2}, 0}, 3, 8}, {{2, {1, 1, 1}, 0}, 3, 3}, {{0, {5}, 0}, 3, 4},
        {{0, {2}, 0}, 3, 5},          {{0, {1}, 0}, 3, 4},       {{2, {2}, 0}, 3, 5},
        {{9, {1, 2}, 0}, 2, 3},       {{0, {1, 1}, 0}, 1, 2},    {{0, {7, 7}, 0}, 3, 1},
        {{3, {2}, 0}, 3, 4},
    };
    for (const Wrong& wrong : all) {
        std::vector<double> costs(static_cast<std::size_t>(wrong.layers));
        std::iota(costs.begin(), costs.end(), 1.0);
        const std::string message =
            message_of<UsageError>([&] { place(costs, wrong.options, wrong.ranks); });
        expect_mentions(message, {"grid.", "the nearest grid that works is"});
        const std::string stages_key = "works is grid.stages = ";
        const std::string shards_key = ", grid.shards = ";
        const auto stages_at = message.find(stages_key);
        const auto shards_at = message.rfind(shards_key);
        ASSERT_NE(stages_at, std::string::npos) << message;
        ASSERT_GT(shards_at, stages_at) << message;
        const auto begin = stages_at + stages_key.size();
        GridOptions advised;
        advised.stages =
            static_cast<int>(to_whole_number(message.substr(begin, shards_at - begin)).value());
        for (const auto& piece : split(message.substr(shards_at + shards_key.size()), ',')) {
            ASSERT_TRUE(to_whole_number(piece)) << message;
            advised.shards.push_back(static_cast<int>(*to_whole_number(piece)));
        }
        const Placement placement = place(costs, advised, wrong.ranks);
        expect_complete(placement, wrong.layers, wrong.ranks);
        EXPECT_EQ(placement.grid.stages(), advised.stages);
    }
}

TEST(Placement, a_costlier_layer_has_a_higher_price) {
    const auto costs_of = [](ConfigText text) { return layer_costs(parse_config(text)); };
    const std::vector<double> plain =
        costs_of({{"network.layers", "784-300-100-10"}, {"train.inner", "1"}});
    ASSERT_EQ(plain.size(), 3U);
    EXPECT_GT(plain[1], plain[2]);
    const auto with = [&](const std::string& key, const std::string& value) {
        ConfigText text{{"network.layers", "784-300-100-10"}, {"train.inner", "1"}};
        text[key] = value;
        return costs_of(text);
    };
    EXPECT_GT(with("formulation.nnls_sweeps", "4")[1], plain[1]);
    EXPECT_GT(with("formulation.nnls", "block_pivoting")[1], plain[1]);
    EXPECT_GT(with("train.inner", "5")[2], plain[2]);
    EXPECT_EQ(with("train.inner", "5")[0], plain[0]);
    EXPECT_GT(with("formulation.step", "joint")[1], plain[1]);
}

TEST(Placement, tells_itself_in_a_line) {
    EXPECT_EQ(place({4.0, 1.0, 1.0}, {2, {1, 2}, 0}, 3).text(),
              "2 stages (layers 0 | 1-2) x shards 1, 2");
    EXPECT_EQ(place({4.0}, {}, 2).text(), "1 stage (layers 0) x shards 2");
}

}  // namespace
}  // namespace hoist
