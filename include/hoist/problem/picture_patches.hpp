#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hoist/config/config.hpp"
#include "hoist/data/dataset.hpp"
#include "hoist/problem/degrade.hpp"

namespace hoist {

/// That of a sample, or of the network's input where the data do not say how their numbers are laid out.
Shape picture_shape(const Dataset& data, Index sample, const Shape& input);

/// What a network of pictures is to answer where `given` stands for `clean`: in the order of its output, and in the unit
/// that 1 of the output stands for; what is to be added to `given`, where the network does that.
/// @param y network.outputs() numbers.
template <typename Scalar>
void picture_target(const NetworkSpec& network, double unit, std::span<const Scalar> clean,
                    std::span<const Scalar> given, std::span<Scalar> y);

/// The pictures that a rank trains on, of each of which an epoch sees one patch, turned and degraded anew: the same for a
/// given (seed, epoch, sample) on every grid.
template <typename Scalar>
class PicturePatches {
  public:
    /// Stands for no epoch: the patch is the middle of the picture, as it is, with a degradation of its own.
    static constexpr Index still = -1;

    /// Reads the pictures `chosen`, samples first, first + 1, ... of those that train.
    /// @pre none is smaller than a patch. @throws DataError.
    PicturePatches(const Config& config, Dataset& data, std::span<const Index> chosen, Index first,
                   double unit);

    /// What the network is given of a sample. @param x network.inputs() numbers.
    void input(Index epoch, Index sample, std::span<Scalar> x) const;
    /// What it is to answer. @param y network.outputs() numbers.
    void target(Index epoch, Index sample, std::span<Scalar> y) const;
    /// The root of the mean squared difference of what the network is given and what is clean, over all still patches;
    /// 1 where there is none.
    double mean_difference() const;

  private:
    void draw(Index epoch, Index sample, std::vector<Scalar>& clean, std::span<Scalar> given) const;

    NetworkSpec network_;
    std::vector<DegradationStep> steps_;
    bool symmetries_;
    /// Whether a patch is degraded as a picture of its own, after it has been turned: where the network knows how, or where
    /// that depends on the place of a pixel.
    bool of_its_own_;
    std::uint64_t seed_;
    double unit_;
    Index first_;
    std::vector<Shape> shapes_;
    std::vector<std::vector<Scalar>> pictures_;
};

/// The unit of the outputs of a network of pictures: mean_difference() of the first of the samples `chosen`, the same on
/// every rank; that of the inputs where the last map adds to a picture that the maps before it hand on.
/// @throws as PicturePatches.
double picture_unit(const Config& config, Dataset& data, std::span<const Index> chosen);

}  // namespace hoist
