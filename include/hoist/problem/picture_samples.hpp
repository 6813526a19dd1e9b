#pragma once

#include <cstdint>
#include <vector>

#include "hoist/problem/judged.hpp"

namespace hoist {

/// A whole picture, what a network of pictures is given of it, and both as large as the network takes them, going on in
/// their mirror image.
struct GivenPicture {
    Shape shape;
    std::vector<double> clean;
    std::vector<double> given;
    Shape fitting;
    std::vector<double> fitting_clean;
    std::vector<double> fitting_given;
};

/// Reads a picture and degrades it, the same wherever and whenever that is asked.
/// @throws DataError where no picture of its size can be made by the network.
GivenPicture give_picture(Dataset& data, Index sample, const NetworkSpec& network,
                          const std::vector<DegradationStep>& degradation, std::uint64_t seed);

/// Reads what `rank` needs of the pictures `chosen` to judge a network of pictures on them.
/// @param unit of the network's outputs. @throws DataError.
template <typename Scalar>
std::vector<Judged<Scalar>> load_pictures(Dataset& data, const std::vector<Index>& chosen,
                                          const NetworkSpec& network, const Placement& placement,
                                          int rank, const std::vector<DegradationStep>& degradation,
                                          std::uint64_t seed, double unit);

/// The training samples of a network of pictures. @throws as PicturePatches.
template <typename Scalar>
Samples<Scalar> load_patches(const Config& config, Dataset& data, const std::vector<Index>& chosen,
                             const Placement& placement, int rank, double unit);

}  // namespace hoist
