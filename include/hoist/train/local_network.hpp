#pragma once

#include <variant>
#include <vector>

#include "hoist/problem/model_config.hpp"
#include "hoist/train/inference.hpp"

namespace hoist {

/// A whole network in this process, which answers without MPI. Answering changes nothing: several threads may ask at
/// once.
template <typename Scalar>
class LocalNetwork {
  public:
    /// Rows of a C-contiguous array of samples x features: the columns of a matrix. Numbers of another precision are
    /// standardized before they are rounded.
    using Inputs = std::variant<Eigen::Map<const Matrix<float>>, Eigen::Map<const Matrix<double>>>;
    /// Where hidden activations go, x_l.size() x samples.
    using Block = Eigen::Map<Matrix<Scalar>>;
    /// Where scores go, outputs x samples.
    using Scores = Eigen::Map<Matrix<double>>;

    /// @throws DataError where the header's configuration cannot be used.
    LocalNetwork(ModelHeader header, std::vector<Weights<Scalar>> maps);

    const ModelHeader& header() const { return header_; }
    const NetworkSpec& spec() const { return header_.network; }
    const Config& config() const { return config_; }
    /// Of all layers on one rank.
    const Placement& placement() const { return placement_; }
    const Stage<Scalar>& stage() const { return stage_; }
    const std::vector<Weights<Scalar>>& maps() const { return stage_.weights; }

    /// The scores of each sample as `hoist predict` writes them, and the activations of all hidden blocks where
    /// `hidden` has room for them. @param first the number of the first sample, for messages.
    /// @throws DataError for an input that is not finite.
    void answer(const Inputs& inputs, Scores scores, std::vector<Block> hidden = {},
                Index first = 0) const;

    /// The free energy of each sample. @pre the formulation is lrrn. @throws as answer.
    Vector<double> energies(const Inputs& inputs) const;

    /// What the network makes of pictures of one size, each in a column. @pre spec().pictures().
    /// @throws DataError for a size that it does not take.
    Matrix<double> restore(const Shape& shape,
                           const Eigen::Map<const Matrix<double>>& pictures) const;

  private:
    Samples<Scalar> samples_of(Index count) const;
    /// As the first map sees them. @throws DataError for an input that is not finite.
    void take(const Inputs& inputs, Range columns, Index first, Matrix<Scalar>& x) const;

    ModelHeader header_;
    Config config_;
    Communicator alone_ = Communicator::alone();
    Placement placement_;
    Stage<Scalar> stage_;
};

}  // namespace hoist
