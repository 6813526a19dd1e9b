#include "hoist/data/input_lift.hpp"

#include <cmath>
#include <random>

#include "data_files.hpp"

namespace hoist {
namespace {

using Numbers = std::vector<double>;
using Kind = InputLift::Kind;

Numbers lifted(const InputLift& lift, const Numbers& x) {
    Numbers z(static_cast<std::size_t>(lift.lifted(std::ssize(x))));
    lift(x, z);
    return z;
}

double label(const InputLift& lift, Index k) {
    return lift.lower + static_cast<double>(k) * (lift.upper - lift.lower) /
                            static_cast<double>(lift.labels - 1);
}

// The coordinates of a vertex of the grid, the first counting slowest.
Numbers vertex(const InputLift& lift, Index number, std::size_t dimensions) {
    Numbers v(dimensions);
    for (std::size_t i = dimensions; i-- > 0; number /= lift.labels) {
        v[i] = label(lift, number % lift.labels);
    }
    return v;
}

Numbers drawn(std::mt19937& engine, std::size_t count, double lower, double upper) {
    std::uniform_real_distribution<double> uniform(lower, upper);
    Numbers x(count);
    std::ranges::generate(x, [&] { return uniform(engine); });
    return x;
}

// Equation (7), its inverse (8), and lemma 1; outside they go on linearly.
TEST(InputLift, lifts_each_number_to_the_labels_on_both_sides) {
    const InputLift lift{Kind::each, -1.0, 2.0, 4};  // labels -1, 0, 1, 2
    EXPECT_EQ(lifted(lift, {0.25, -1.0}), (Numbers{0, 0.75, 0.25, 0, 1, 0, 0, 0}));
    EXPECT_EQ(lifted(lift, {2.0}), (Numbers{0, 0, 0, 1}));
    EXPECT_EQ(lifted(lift, {3.0}), (Numbers{0, 0, -1, 2}));
    EXPECT_EQ(lifted(lift, {-1.5}), (Numbers{1.5, -0.5, 0, 0}));
}

// Barycentric coordinates: of sum 1, at least 0, and the point itself, or the nearest of the grid, is their mean of
// vertices.
TEST(InputLift, lifts_numbers_jointly_to_barycentric_coordinates) {
    std::mt19937 engine(1);
    for (const std::size_t d : {1U, 2U, 3U, 4U}) {
        const InputLift lift{Kind::jointly, -2.0, 1.0, 5};
        for (int trial = 0; trial < 200; ++trial) {
            const bool inside = trial < 150;
            const Numbers x = drawn(engine, d, inside ? -2.0 : -3.0, inside ? 1.0 : 2.0);
            const Numbers z = lifted(lift, x);
            ASSERT_EQ(z.size(), static_cast<std::size_t>(std::lround(std::pow(5.0, d))));
            Numbers mean(d, 0.0);
            double sum = 0.0;
            std::size_t used = 0;
            for (std::size_t v = 0; v < z.size(); ++v) {
                ASSERT_GE(z[v], 0.0);
                used += z[v] != 0.0 ? 1U : 0U;
                sum += z[v];
                const Numbers at = vertex(lift, static_cast<Index>(v), d);
                for (std::size_t i = 0; i < d; ++i) {
                    mean[i] += z[v] * at[i];
                }
            }
            EXPECT_LE(used, d + 1);
            EXPECT_NEAR(sum, 1.0, 1e-12);
            for (std::size_t i = 0; i < d; ++i) {
                EXPECT_NEAR(mean[i], std::clamp(x[i], -2.0, 1.0), 1e-12);
            }
        }
    }
}

// Two points of one simplex have their mean there, too; the spline has no jump between simplices.
TEST(InputLift, makes_a_continuous_function_that_is_linear_on_each_simplex) {
    std::mt19937 engine(2);
    const InputLift lift{Kind::jointly, 0.0, 1.0, 4};
    const Numbers theta = drawn(engine, 64, -1.0, 1.0);
    const auto f = [&](const Numbers& x) {
        const Numbers z = lifted(lift, x);
        return std::inner_product(z.begin(), z.end(), theta.begin(), 0.0);
    };
    int together = 0;
    for (int trial = 0; trial < 500; ++trial) {
        const Numbers x = drawn(engine, 3, -0.2, 1.2);
        Numbers near = x;
        Numbers middle = x;
        const Numbers step = drawn(engine, 3, -0.05, 0.05);
        for (std::size_t i = 0; i < 3; ++i) {
            near[i] += step[i];
            middle[i] += 0.5 * step[i];
        }
        // The slopes of the pieces are at most 2 / (1 / 3) along each axis.
        EXPECT_LE(std::abs(f(near) - f(x)), 6.0 * 3.0 * 0.05);
        const auto used = [&](const Numbers& point) {
            Numbers z = lifted(lift, point);
            std::ranges::transform(z, z.begin(), [](double n) { return n != 0.0 ? 1.0 : 0.0; });
            return z;
        };
        const auto inside = [](const Numbers& point) {
            return std::ranges::all_of(point, [](double n) { return 0.0 <= n && n <= 1.0; });
        };
        if (inside(x) && inside(near) && used(x) == used(near)) {
            ++together;
            EXPECT_NEAR(f(middle), 0.5 * (f(x) + f(near)), 1e-12);
        }
    }
    EXPECT_GT(together, 100);
}

TEST(InputLift, knows_how_many_numbers_become_how_many) {
    const InputLift each{Kind::each, 0.0, 1.0, 9};
    EXPECT_EQ(each.lifted(3), 27);
    EXPECT_EQ(each.numbers(27), 3);
    EXPECT_EQ(each.numbers(28), 0);
    EXPECT_EQ(each.numbers(0), 0);
    const InputLift jointly{Kind::jointly, 0.0, 1.0, 11};
    EXPECT_EQ(jointly.lifted(2), 121);
    EXPECT_EQ(jointly.numbers(121), 2);
    EXPECT_EQ(jointly.numbers(120), 0);
    EXPECT_EQ(jointly.numbers(1), 0);
    EXPECT_EQ(jointly.lifted(10), 0);
    EXPECT_EQ(InputLift().lifted(7), 7);
    EXPECT_EQ(InputLift().numbers(7), 7);
}

TEST(InputLift, is_read_as_it_is_written) {
    for (const char* text : {"each(0,6.2832,9)", "jointly(-1,1,11)", ""}) {
        EXPECT_EQ(to_text(parse_input_lift(text)), text);
    }
    EXPECT_EQ(parse_input_lift(" each( -1 , 1 , 3 ) "), (InputLift{Kind::each, -1.0, 1.0, 3}));
    for (const char* text : {"each", "each(0,1)", "each(0,1,1)", "each(1,0,3)", "each(0,0,3)",
                             "each(0,1,3", "all(0,1,3)", "each(0,x,3)", "each(0,1,2.5)",
                             "each(-inf,1,3)", "jointly(0,nan,3)", "each(-1e308,1e308,3)"}) {
        EXPECT_THROW(parse_input_lift(text), UsageError) << text;
    }
}

class LiftedData : public DataFiles {};

TEST_F(LiftedData, are_those_of_the_file_lifted_as_they_are_read) {
    put("a.csv", "u,v,y\n0,1,5\n0.5,0.25,6\n");
    DataConfig config;
    config.format = "csv";
    config.path = folder_.string();
    config.train = "a.csv";
    config.lift = {Kind::each, 0.0, 1.0, 3};
    const DataParts parts = open_dataset(config, {.task = Task::values});
    EXPECT_EQ(parts.train->features(), 6);
    EXPECT_EQ(parts.train->table().inputs(), 2);
    EXPECT_EQ(inputs(*parts.train), (Numbers{1, 0, 0, 0, 0, 1, 0, 1, 0, 0.5, 0.5, 0}));
    EXPECT_EQ(values(*parts.train), (Numbers{5, 6}));
    config.lift = {Kind::jointly, 0.0, 1.0, 5000};
    expect_mentions(message_of<UsageError>([&] { open_dataset(config, {.task = Task::values}); }),
                    {"jointly(0,1,5000)", "2 inputs", "fewer labels"});
}

}  // namespace
}  // namespace hoist
