#include "hoist/problem/picture_patches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "hoist/problem/picture_samples.hpp"

namespace hoist {
namespace {

/// Pictures that differ in size; every number of them all occurs once.
class Numbered final : public Dataset {
  public:
    explicit Numbered(std::vector<Shape> shapes) : shapes_(std::move(shapes)) {}

    Index samples() const override { return std::ssize(shapes_); }
    Index features() const override { return 0; }
    bool labeled() const override { return false; }
    Index outputs() const override { return 0; }
    Shape picture(Index sample) const override { return shapes_[static_cast<std::size_t>(sample)]; }
    void read_inputs(std::span<const Index> samples, std::span<double> columns) override {
        for (const Index sample : samples) {
            for (Index i = 0; i < picture(sample).size(); ++i) {
                columns[static_cast<std::size_t>(i)] = static_cast<double>(1000 * sample + i) / 1e4;
            }
            columns = columns.subspan(static_cast<std::size_t>(picture(sample).size()));
        }
    }
    void read_labels(std::span<const Index>, std::span<Index>) override {}
    void read_values(std::span<const Index>, std::span<double>) override {}

  private:
    std::vector<Shape> shapes_;
};

Config config_of(const std::string& layers, const std::string& degrade, bool turned = false) {
    return parse_config({{"network.layers", layers},
                         {"network.output", "linear"},
                         {"data.patches", "4"},
                         {"data.degrade", degrade},
                         {"data.symmetries", turned ? "true" : "false"},
                         {"weights.solver", "adam"}});
}

std::vector<double> input_of(const PicturePatches<double>& patches, Index epoch, Index sample) {
    std::vector<double> x(16);
    patches.input(epoch, sample, x);
    return x;
}

TEST(PicturePatches, are_cut_out_of_their_pictures_anew_in_each_epoch) {
    Numbered data({{6, 9, 1}, {4, 4, 1}, {12, 5, 1}});
    const Config config = config_of("4x4x1-conv(3,3)-conv(1,3)", "");
    const std::vector<Index> chosen{0, 1, 2};
    const PicturePatches<double> patches(config, data, chosen, 0, 1.0);
    for (const Index sample : chosen) {
        const Shape shape = data.picture(sample);
        std::set<double> corners;
        for (Index epoch = 0; epoch < 300; ++epoch) {
            const std::vector<double> x = input_of(patches, epoch, sample);
            corners.insert(x.front());
            for (Index i = 0; i < 16; ++i) {
                const double step = static_cast<double>((i / 4) * shape.columns + i % 4) / 1e4;
                ASSERT_NEAR(x[static_cast<std::size_t>(i)], x.front() + step, 1e-12);
            }
        }
        // Every place comes up.
        EXPECT_EQ(std::ssize(corners), (shape.rows - 3) * (shape.columns - 3));
        EXPECT_EQ(input_of(patches, 7, sample), input_of(patches, 7, sample));
        EXPECT_EQ(input_of(patches, PicturePatches<double>::still, sample),
                  input_of(patches, PicturePatches<double>::still, sample));
    }
}

TEST(PicturePatches, are_the_same_whoever_holds_them) {
    Numbered data({{6, 9, 1}, {7, 7, 1}, {12, 5, 1}, {5, 5, 1}});
    const Config config = config_of("4x4x1-conv(3,3)-conv(1,3)", "noise(25)+mask(0.2)", true);
    const std::vector<Index> all{0, 1, 2, 3};
    const PicturePatches<double> whole(config, data, all, 0, 1.0);
    const PicturePatches<double> half(config, data, std::span(all).subspan(2), 2, 1.0);
    for (const Index epoch : {Index{0}, Index{5}}) {
        EXPECT_EQ(input_of(whole, epoch, 3), input_of(half, epoch, 3));
        EXPECT_NE(input_of(whole, epoch, 3), input_of(whole, epoch + 1, 3));
    }
}

// What the network is to answer, added to what it is given and brought into the order of a picture, is what is clean;
// and that lies where the given does, turned alike.
TEST(PicturePatches, targets_are_what_makes_a_picture_clean) {
    Numbered data({{6, 9, 1}, {7, 7, 1}});
    const std::vector<Index> chosen{0, 1};
    for (const std::string layers :
         {"4x4x1-conv(3,3)-conv(1,3)", "4x4x1-conv(3,3)-conv(1,3)-add_input",
          "4x4x1-conv(3,2,2,0)-conv(4,3)-shuffle(2)-add_input"}) {
        const Config noisy = config_of(layers, "noise(25)", true);
        const Config clean = config_of(layers, "", true);
        constexpr double unit = 0.1;
        const PicturePatches<double> patches(noisy, data, chosen, 0, unit);
        const PicturePatches<double> undisturbed(clean, data, chosen, 0, unit);
        for (Index epoch = 0; epoch < 20; ++epoch) {
            const std::vector<double> x = input_of(patches, epoch, 1);
            const std::vector<double> wanted = input_of(undisturbed, epoch, 1);
            std::vector<double> y(16);
            patches.target(epoch, 1, y);
            const Index square = noisy.network.shuffle;
            for (Index row = 0; row < 4; ++row) {
                for (Index column = 0; column < 4; ++column) {
                    const Index place = (row / square) * (4 / square) + column / square;
                    const Index channel = (row % square) * square + column % square;
                    const auto i = static_cast<std::size_t>(row * 4 + column);
                    const double made =
                        unit * y[static_cast<std::size_t>(place * square * square + channel)] +
                        (noisy.network.adds_input ? x[i] : 0.0);
                    EXPECT_NEAR(made, wanted[i], 1e-12) << layers;
                }
            }
        }
    }
}

TEST(PicturePatches, need_not_be_square_where_they_are_not_turned) {
    Numbered data({{2, 8, 1}});
    const std::vector<Index> chosen{0};
    for (const std::string layers :
         {"2x8x1-conv(1,3)", "2x8x1-keep_input-conv(1,1)-fidelity(subsample(2))"}) {
        for (const std::string steps : {"", "subsample(2)"}) {
            Config config = config_of("4x4x1-conv(1,3)", steps);
            config.network = parse_network(layers, "identity", "linear");
            const PicturePatches<double> patches(config, data, chosen, 0, 1.0);
            const std::vector<double> x = input_of(patches, 3, 0);
            for (Index i = 0; i < 16; ++i) {
                const bool kept = steps.empty() || (i / 8 % 2 == 0 && i % 2 == 0);
                EXPECT_EQ(x[static_cast<std::size_t>(i)], kept ? static_cast<double>(i) / 1e4 : 0.0)
                    << layers << " " << steps;
            }
        }
    }
}

TEST(PicturePatches, lose_the_same_places_however_they_are_turned) {
    Numbered data({{5, 7, 1}, {6, 9, 1}});
    const std::vector<Index> chosen{0, 1};
    for (const std::string steps : {"subsample(2)", "fixed_mask(0.4)"}) {
        const PicturePatches<double> patches(config_of("4x4x1-conv(3,3)-conv(1,3)", steps, true),
                                             data, chosen, 0, 1.0);
        const DegradationStep step = parse_degradation(steps).front();
        std::set<bool> rising;
        for (Index epoch = 0; epoch < 50; ++epoch) {
            const std::vector<double> x = input_of(patches, epoch, 1);
            for (Index i = 0; i < 16; ++i) {
                EXPECT_EQ(x[static_cast<std::size_t>(i)] > 0.0, keeps(step, i / 4, i % 4)) << steps;
            }
            rising.insert(x[2] > x[0]);
        }
        if (steps == "subsample(2)") {  // which keeps both
            EXPECT_EQ(rising.size(), 2U);
        }
    }
}

TEST(PicturePatches, the_unit_of_noise_is_its_deviation) {
    Numbered data(std::vector<Shape>(200, Shape{8, 8, 1}));
    const std::vector<Index> chosen = all_samples(200);
    const Config config = config_of("4x4x1-conv(1,3)", "noise(51)");
    // Of 1,600 numbers, those of the first 100 pictures.
    EXPECT_NEAR(picture_unit(config, data, chosen), 0.2, 5.0 * 0.2 / std::sqrt(2.0 * 1600.0));
    EXPECT_EQ(picture_unit(config_of("4x4x1-conv(1,3)", ""), data, chosen), 1.0);
}

TEST(PicturePatches, a_judged_picture_goes_on_in_its_mirror_image_until_it_fits) {
    Numbered data({{5, 7, 1}, {4, 6, 1}});
    const NetworkSpec network =
        parse_network("4x4x1-conv(3,2,2,0)-conv(4,3)-shuffle(2)-add_input", "relu", "linear");
    const GivenPicture odd = give_picture(data, 0, network, {}, 1);
    EXPECT_EQ(odd.fitting, (Shape{6, 8, 1}));
    for (Index row = 0; row < 6; ++row) {
        for (Index column = 0; column < 8; ++column) {
            const Index source = (row < 5 ? row : 3) * 7 + (column < 7 ? column : 5);
            EXPECT_EQ(odd.fitting_clean[static_cast<std::size_t>(row * 8 + column)],
                      odd.clean[static_cast<std::size_t>(source)]);
        }
    }
    EXPECT_EQ(odd.given, odd.clean);
    const GivenPicture even = give_picture(data, 1, network, {}, 1);
    EXPECT_EQ(even.fitting, even.shape);
    const auto noise = parse_degradation("noise(25)");
    EXPECT_EQ(give_picture(data, 0, network, noise, 1).given,
              give_picture(data, 0, network, noise, 1).given);
    EXPECT_NE(give_picture(data, 0, network, noise, 1).given,
              give_picture(data, 0, network, noise, 2).given);
}

}  // namespace
}  // namespace hoist
