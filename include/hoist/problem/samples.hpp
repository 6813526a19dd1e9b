#pragma once

#include <memory>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/data/dataset.hpp"
#include "hoist/model/column_blocks.hpp"
#include "hoist/problem/picture_patches.hpp"
#include "hoist/problem/placement.hpp"

namespace hoist {

/// x becomes (x - mean) * scale; of inputs, or of the values of a regression. Empty where the data are
/// taken as they are.
struct Standardization {
    Vector<double> mean;
    Vector<double> scale;

    bool empty() const { return mean.size() == 0; }
};

/// Which samples of the training part train, and which choose settings. Both ascend.
struct Split {
    std::vector<Index> train;
    std::vector<Index> validation;
};

/// Takes the first `limit` of `samples` (0: all) and draws `validation` of them (a share below 1, of
/// at least one sample, or a count) by the seed.
/// @throws UsageError where nothing is left to train on.
Split split_samples(Index samples, Index limit, double validation, std::uint64_t seed);

/// Of so many training samples, those whose labels are learned from: a share below 1 of them, of at least one, or a
/// count (0: all), drawn by the seed.
/// @throws UsageError where there are not so many.
std::vector<bool> labeled_samples(Index samples, double labeled, std::uint64_t seed);

/// What a rank holds of some samples: its columns of the inputs on the first stage and of the
/// targets on the last.
template <typename Scalar>
struct Samples {
    ColumnBlocks blocks{0};
    /// The blocks that this rank owns, and their columns.
    Range own;
    Range columns;
    /// n_0 x own columns; empty but on the first stage.
    Matrix<Scalar> inputs;
    /// n_{L+1} x own columns, one-hot for classes; empty but on the last stage and without labels.
    Matrix<Scalar> targets;
    /// Whether there are targets (on any rank).
    bool labeled = false;
    /// What 1 of the targets is in the unit of the data.
    double target_unit = 1.0;
    /// As stored_shape() gives it.
    std::vector<Index> stored_shape = {};
    /// Of a network of pictures: how large they are without what was added to fit it.
    Shape picture = {};
    /// What the network is given, on a last stage that adds it to what the maps make; empty where `inputs` are there.
    Matrix<Scalar> given = {};
    /// Where mini-batches take their inputs and targets from, on the first and the last stage; none where they are
    /// the columns of `inputs` and `targets`.
    std::shared_ptr<const PicturePatches<Scalar>> patches = {};

    /// The columns of a block within this rank's matrices.
    Range local(Index block) const {
        const Range range = blocks.columns(block);
        return {range.begin - columns.begin, range.end - columns.begin};
    }
};

/// The sizes of a sample of an image, or the like, as it is stored, those of 1 left out; fewer than
/// two where that is not known.
std::vector<Index> stored_shape(const Dataset& data);

/// Reads what `rank` needs of the samples `chosen` (ascending) of `data`, with inputs and the values of a
/// regression brought by `inputs` and `targets` to the unit that the network sees and answers in, in double, before any
/// digit is lost.
/// @throws DataError for bad values, or labels that the network has no output for.
template <typename Scalar>
Samples<Scalar> load_samples(Dataset& data, const std::vector<Index>& chosen,
                             const NetworkSpec& network, const Placement& placement, int rank,
                             const ColumnBlocks& blocks, const Standardization& targets = {},
                             const Standardization& inputs = {});

/// Draws the inputs that this rank holds from the uniform distribution on [0, 1), and targets:
/// values likewise, or classes. Each column has its own random numbers, the same on every grid.
template <typename Scalar>
void draw_columns(std::uint64_t seed, bool values, Samples<Scalar>& samples);

/// Sums over samples of the distance of each input from that of one sample, and of its square.
struct InputSums {
    Vector<double> origin;
    Vector<double> distance;
    Vector<double> square;
};

/// Those over `columns` of the samples `chosen`, from the first of them.
/// @throws DataError.
InputSums sum_inputs(Dataset& data, const std::vector<Index>& chosen, Range columns);

/// Mean and deviation of the inputs of all `samples`, of which each rank has summed its own. Collective over the first
/// stage's ranks. A constant input keeps scale 1.
Standardization fit_standardization(InputSums sums, Index samples, const Communicator& peers);

template <typename Scalar>
void standardize(const Standardization& standardization, Matrix<Scalar>& inputs);

/// Mean and deviation of the values of a regression over the samples `chosen`, which every rank reads
/// for itself: the same to the last digit on every grid. A constant value keeps scale 1.
/// @throws DataError.
Standardization fit_targets(Dataset& data, const std::vector<Index>& chosen);

/// 0, 1, ..., count - 1.
std::vector<Index> all_samples(Index count);

}  // namespace hoist
