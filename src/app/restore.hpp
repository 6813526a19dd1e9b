#pragma once

#include <functional>

#include "hoist/problem/picture_samples.hpp"
#include "model_argument.hpp"

namespace hoist {

/// A picture of a data set, and what a network of pictures makes of it.
struct Restored {
    Index sample = 0;
    GivenPicture picture;
    /// As picture.clean.
    Vector<double> made;
};

/// Sets what the pictures of `data.*` options have suffered: data.degrade where that is among them, else what the model
/// was trained for, but nothing where `as_they_are` and the options name other pictures.
void choose_degradation(const ConfigText& given, bool as_they_are, Config& config);

/// The pictures `chosen` as Judged. Collective. @throws DataError on every rank.
template <typename Scalar>
std::vector<Judged<Scalar>> load_pictures_for(const LoadedModel<Scalar>& model,
                                              const Communicator& world, Dataset& data,
                                              const std::vector<Index>& chosen);

/// Collective: what the network makes of the pictures `chosen`, of which rank 0 is told one by one, in groups of one size.
/// @throws as load_pictures, and what `tell` throws, on every rank.
template <typename Scalar>
void restore(const LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
             const std::vector<Index>& chosen, const std::function<void(const Restored&)>& tell);

}  // namespace hoist
