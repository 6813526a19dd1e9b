#include "hoist/problem/picture_patches.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"

namespace hoist {

Shape picture_shape(const Dataset& data, Index sample, const Shape& input) {
    const Shape shape = data.picture(sample);
    return shape.places() == 1 && shape.size() == input.size() ? input : shape;
}

template <typename Scalar>
void picture_target(const NetworkSpec& network, double unit, std::span<const Scalar> clean,
                    std::span<const Scalar> given, std::span<Scalar> y) {
    const auto scale = static_cast<Scalar>(1.0 / unit);
    std::vector<Scalar> wanted(clean.begin(), clean.end());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        wanted[i] = (wanted[i] - (network.adds_input ? given[i] : Scalar{0})) * scale;
    }
    const Windows squares{network.picture(), network.shuffle, network.shuffle, network.shuffle};
    squares.gather(wanted.data(), {0, squares.places()}, y.data());
}

template <typename Scalar>
PicturePatches<Scalar>::PicturePatches(const Config& config, Dataset& data,
                                       std::span<const Index> chosen, Index first, double unit)
    : network_(config.network),
      steps_(config.degradation),
      symmetries_(config.symmetries),
      of_its_own_(network_.knows_measurement() ||
                  std::ranges::any_of(steps_, &DegradationStep::chooses_places)),
      seed_(config.seed),
      unit_(unit),
      first_(first) {
    const Shape& input = network_.block(0);
    std::vector<double> buffer;
    for (const Index sample : chosen) {
        const Shape shape = picture_shape(data, sample, input);
        require(shape.channels == input.channels && shape.rows >= input.rows &&
                    shape.columns >= input.columns,
                "pictures have room for a patch");
        buffer.resize(static_cast<std::size_t>(shape.size()));
        data.read_inputs(std::span(&sample, 1), buffer);
        shapes_.push_back(shape);
        pictures_.emplace_back(buffer.begin(), buffer.end());
    }
}

template <typename Scalar>
void PicturePatches<Scalar>::draw(Index epoch, Index sample, std::vector<Scalar>& clean,
                                  std::span<Scalar> given) const {
    const auto position = static_cast<std::size_t>(sample - first_);
    const Shape& shape = shapes_[position];
    const Shape& input = network_.block(0);
    CounterRandom random(seed_, Purpose::degradation, {epoch, sample});
    const auto place = [&](Index count) {
        return epoch == still ? (count - 1) / 2
                              : static_cast<Index>(random.uniform() * static_cast<double>(count));
    };
    const Index top = place(shape.rows - input.rows + 1);
    const Index left = place(shape.columns - input.columns + 1);
    const Patch patch{top, left, input.rows, input.columns};
    const Index way = symmetries_ && epoch != still ? place(8) : 0;
    const std::span<const Scalar> picture(pictures_[position]);
    clean.resize(static_cast<std::size_t>(input.size()));
    degrade<Scalar>({}, shape, picture, patch, random, clean);
    if (of_its_own_) {
        turn<Scalar>(input, way, clean);
        degrade<Scalar>(steps_, input, clean, {0, 0, input.rows, input.columns}, random, given);
    } else {
        degrade<Scalar>(steps_, shape, picture, patch, random, given);
        turn<Scalar>(input, way, clean);
        turn<Scalar>(input, way, given);
    }
}

template <typename Scalar>
void PicturePatches<Scalar>::input(Index epoch, Index sample, std::span<Scalar> x) const {
    std::vector<Scalar> clean;
    draw(epoch, sample, clean, x);
}

template <typename Scalar>
void PicturePatches<Scalar>::target(Index epoch, Index sample, std::span<Scalar> y) const {
    std::vector<Scalar> clean;
    std::vector<Scalar> given(static_cast<std::size_t>(network_.inputs()));
    draw(epoch, sample, clean, given);
    picture_target<Scalar>(network_, unit_, clean, given, y);
}

template <typename Scalar>
double PicturePatches<Scalar>::mean_difference() const {
    std::vector<Scalar> clean;
    std::vector<Scalar> given(static_cast<std::size_t>(network_.inputs()));
    double squares = 0.0;
    for (Index i = 0; i < std::ssize(pictures_); ++i) {
        draw(still, first_ + i, clean, given);
        for (std::size_t k = 0; k < clean.size(); ++k) {
            const double difference = static_cast<double>(given[k] - clean[k]);
            squares += difference * difference;
        }
    }
    const double numbers =
        static_cast<double>(pictures_.size()) * static_cast<double>(network_.inputs());
    return squares > 0.0 ? std::sqrt(squares / numbers) : 1.0;
}

double picture_unit(const Config& config, Dataset& data, std::span<const Index> chosen) {
    if (config.network.maps.back().residual()) {
        return 1.0;
    }
    constexpr std::size_t enough = 100;
    return PicturePatches<double>(config, data, chosen.first(std::min(enough, chosen.size())), 0,
                                  1.0)
        .mean_difference();
}

template void picture_target(const NetworkSpec&, double, std::span<const float>,
                             std::span<const float>, std::span<float>);
template void picture_target(const NetworkSpec&, double, std::span<const double>,
                             std::span<const double>, std::span<double>);
template class PicturePatches<float>;
template class PicturePatches<double>;

}  // namespace hoist
