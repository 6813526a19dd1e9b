#pragma once

#include "hoist/problem/batches.hpp"
#include "hoist/problem/judged.hpp"
#include "hoist/problem/stage.hpp"

namespace hoist {

/// A configuration brought to life on the ranks: who does what, the samples, and a stage with its
/// first weights.
template <typename Scalar>
struct Problem {
    Placement placement;
    /// The ranks of this rank's stage.
    Communicator peers;
    std::vector<std::string> class_names = {};
    TableColumns table = {};
    /// How the samples are laid out.
    std::vector<Index> sample_shape = {};
    /// What is odd about the data.
    std::vector<std::string> remarks = {};
    Standardization standardization = {};
    Samples<Scalar> train = {};
    std::vector<Judged<Scalar>> validation = {};
    std::vector<Judged<Scalar>> test = {};
    Stage<Scalar> stage = {};
    /// Of the values of a regression, or of pictures.
    Standardization targets = {};
};

/// What data are opened for: the task, and numbers that the precision can hold.
DataUse data_use(const Config& config);

/// What is odd about the parts, for warnings.
std::vector<std::string> remarks_on(const DataParts& data);

/// The unit that a regression trains in: that in which its training values have mean 0 and deviation
/// 1, or their own.
enum class TargetUnit { standardized, own };

/// Opens the data that a configuration trains and tests on; a test part without labels is left out.
/// @throws UsageError (widths that contradict the data), DataError, MissingError.
DataParts open_training_data(const Config& config);

/// The time of products with the inputs over that of dense ones: below 1 where mini-batches hold
/// them compressed, by the share of zeros in the first samples. @throws DataError.
double input_cost(const Config& config, Dataset& train);

/// Collective over the world: places the layers, reads each rank's share of the data, standardizes
/// it where asked, and sets the weights to their start; a network that starts from a file goes on as
/// the same function of its inputs, whatever the unit of its outputs was. @throws UsageError (grid,
/// widths that contradict the data), DataError, MissingError, on every rank.
template <typename Scalar>
Problem<Scalar> make_problem(const Config& config, const Communicator& world,
                             TargetUnit unit = TargetUnit::standardized);

/// The same without data: `samples` training samples with random inputs, of random classes or with
/// random values, and no others.
template <typename Scalar>
Problem<Scalar> generate_problem(const Config& config, const Communicator& world, Index samples);

}  // namespace hoist
