#pragma once

#include <string>
#include <vector>

#include "hoist/formulation/output_block.hpp"
#include "hoist/train/forward_pass.hpp"

namespace hoist {

/// What a network is judged by: the share of right classes in per cent, the root of the mean squared error in the
/// unit of the data (regression), or the mean free energy (no targets).
enum class Figure { accuracy, rmse, energy };

Figure figure_of(const NetworkSpec& network);
/// Its name in files.
std::string to_text(Figure figure);
/// "97.81 %", "rmse 0.312", "energy 6.63".
std::string shown(Figure figure, double value);
/// What is worse the larger it is: the figure, or what is missing from 100 %.
inline double error_of(Figure figure, double value) {
    return figure == Figure::accuracy ? 100.0 - value : value;
}

/// How well a network does on some samples, by its own inference; the same on every rank.
struct Evaluation {
    Index samples = 0;
    /// Mean loss, or what stands in its place: without targets the mean free energy.
    double loss = 0.0;
    /// Correctly classified, in per cent (classes).
    double accuracy = 0.0;
    /// Root of the mean squared error, in the unit of the data (regression).
    double rmse = 0.0;
    /// Counts; rows are true classes.
    Matrix<double> confusion;
    /// Of each hidden layer: the share in per cent of pairs of row of U_l and sample with u > 0.
    std::vector<double> share_linear;
    /// The share in per cent of all rows of U_1, ..., U_L that are above 0 for every sample, and for none.
    double always_on = 0.0;
    double always_off = 0.0;
    /// As Inference::energies(): of each term the mean, and of each sample the sum.
    std::vector<double> mean_terms;
    Vector<double> energies;

    double value(Figure figure) const {
        return figure == Figure::accuracy ? accuracy
               : figure == Figure::rmse   ? rmse
                                          : energies.mean();
    }
};

/// Adds up scores of blocks into an Evaluation.
template <typename Scalar>
class Tally {
  public:
    Tally(const NetworkSpec& network, const OutputBlock<Scalar>& output);

    /// A block of U_{l}, for the share of linear activations.
    void add_hidden(Index layer, const ConstMatrixRef<Scalar>& u);
    /// A block of outputs U_{L+1} with its targets.
    void add_outputs(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u);

    /// Collective over `world`: the sums over all ranks. @param samples that were added.
    Evaluation total(const Communicator& world, const Samples<Scalar>& samples) const;

  private:
    const NetworkSpec& network_;
    const OutputBlock<Scalar>& output_;
    double loss_ = 0.0;
    double squared_error_ = 0.0;
    Matrix<double> confusion_;
    /// Of each hidden layer, row by row: how many samples had u > 0.
    std::vector<Vector<double>> positive_;
};

/// Collective over the world: evaluates the stage's weights on `samples`. @pre the samples are not empty, and labeled
/// where there is an output.
template <typename Scalar>
Evaluation evaluate(const Inference<Scalar>& inference, const NetworkSpec& network,
                    const OutputBlock<Scalar>& output, const Communicator& world,
                    const Samples<Scalar>& samples);

/// The same with the U_1 that `first_map` makes.
template <typename Scalar>
Evaluation evaluate(const Inference<Scalar>& inference, const NetworkSpec& network,
                    const OutputBlock<Scalar>& output, const Communicator& world,
                    const Samples<Scalar>& samples,
                    const typename Inference<Scalar>::FirstMap& first_map);

/// The same for the training samples, without the product by W_0. @pre as
/// ForwardPass::from_first_preactivations.
template <typename Scalar>
Evaluation evaluate_training(const ForwardPass<Scalar>& forward, const NetworkSpec& network,
                             const OutputBlock<Scalar>& output, const Communicator& world,
                             const Samples<Scalar>& samples, const Variables<Scalar>& variables);

}  // namespace hoist
