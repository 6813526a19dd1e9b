#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model_argument.hpp"

namespace hoist {

/// The free energies of some samples of a lifted regression/reconstruction network.
struct Energies {
    std::string name;
    double mean = 0.0;
    double deviation = 0.0;
    /// Of the curve of right and false alarms: the probability that a sample of these has more energy than one of
    /// the model's own data.
    std::optional<double> area_under_roc;
};

/// @param own those that others are told apart from, where there are such.
Energies summarize(const std::string& name, const Vector<double>& energies,
                   const Vector<double>* own = nullptr);

/// The energies of what is not the data (Hoier and Zach 2020, table 1): mirrored images, where inputs are images,
/// samples of a Gaussian with the mean and the deviation of each input, and the data in each of `against`, read as
/// `given` says. Collective over the world.
template <typename Scalar>
std::vector<Energies> compare_energies(LoadedModel<Scalar>& model, const Communicator& world,
                                       Dataset& data, const Vector<double>& own,
                                       const ConfigText& given,
                                       const std::vector<std::string>& against);

/// Brings the inputs of `samples` to those of mirrored images, left and right. @pre are_images().
template <typename Scalar>
void mirror_inputs(const LoadedModel<Scalar>& model, Samples<Scalar>& samples);

/// Whether inputs are images whose left and right are known.
bool are_images(const ModelHeader& header);

}  // namespace hoist
