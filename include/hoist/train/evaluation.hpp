#pragma once

#include <string>
#include <vector>

#include "hoist/formulation/output_block.hpp"
#include "hoist/problem/judged.hpp"
#include "hoist/train/forward_pass.hpp"

namespace hoist {

/// What a network is judged by: the share of right classes in per cent, the root of the mean squared error in the
/// unit of the data (regression), the mean free energy (no targets), or the mean over pictures of their peak
/// signal-to-noise ratio in decibel.
enum class Figure { accuracy, rmse, energy, psnr };

Figure figure_of(const NetworkSpec& network);
/// Its name in files.
std::string to_text(Figure figure);
/// "97.81 %", "rmse 0.312", "energy 6.63", "28.75 dB".
std::string shown(Figure figure, double value);
/// What is worse the larger it is: the figure, or what is missing from 100 % or dB.
inline double error_of(Figure figure, double value) {
    return figure == Figure::accuracy || figure == Figure::psnr ? 100.0 - value : value;
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
    /// Means over pictures: the peak signal-to-noise ratio in decibel, and the structural similarity.
    double psnr = 0.0;
    double ssim = 0.0;
    /// Counts; rows are true classes.
    Matrix<double> confusion;
    /// Of each hidden layer: the share in per cent of pairs of row of U_l and sample with u > 0.
    std::vector<double> share_linear;
    /// The share in per cent of all rows of U_1, ..., U_L that are above 0 for every sample, and for none; of a network of
    /// pictures that of all channels, at every place.
    double always_on = 0.0;
    double always_off = 0.0;
    /// As Inference::energies(): of each term the mean, and of each sample the sum.
    std::vector<double> mean_terms;
    Vector<double> energies;

    double value(Figure figure) const {
        return figure == Figure::accuracy ? accuracy
               : figure == Figure::rmse   ? rmse
               : figure == Figure::psnr   ? psnr
                                          : energies.mean();
    }
};

/// Adds up scores of blocks into an Evaluation.
template <typename Scalar>
class Tally {
  public:
    Tally(const NetworkSpec& network, const OutputBlock<Scalar>& output,
          const Samples<Scalar>& samples);

    /// A block of U_{l}, for the share of linear activations.
    void add_hidden(Index layer, const ConstMatrixRef<Scalar>& u);
    /// A block of outputs U_{L+1}, of a range of this rank's columns.
    void add_outputs(Range columns, const ConstMatrixRef<Scalar>& u);

    /// Collective over `world`: the sums over all ranks.
    Evaluation total(const Communicator& world) const;

  private:
    const NetworkSpec& network_;
    const OutputBlock<Scalar>& output_;
    const Samples<Scalar>& samples_;
    double loss_ = 0.0;
    double squared_error_ = 0.0;
    double psnr_ = 0.0;
    double ssim_ = 0.0;
    Matrix<double> confusion_;
    /// Of each hidden layer, row by row or channel by channel: how often u > 0.
    std::vector<Vector<double>> positive_;
};

/// Collective over the world: evaluates the stage's weights on `samples`. @pre the samples are not empty, and labeled
/// where there is an output.
template <typename Scalar>
Evaluation evaluate(const Inference<Scalar>& inference, const NetworkSpec& network,
                    const OutputBlock<Scalar>& output, const Communicator& world,
                    const Samples<Scalar>& samples);

/// The same on all of `parts` together, by the weights of `stage`. @pre there are some; only pictures come in several.
template <typename Scalar>
Evaluation evaluate(const FormulationOptions& options, const Communicator& world,
                    const Placement& placement, const Stage<Scalar>& stage,
                    const OutputBlock<Scalar>& output, const std::vector<Judged<Scalar>>& parts);

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
