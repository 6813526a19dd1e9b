#include "hoist/train/evaluation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace hoist {

Figure figure_of(const NetworkSpec& network) {
    return network.unsupervised() ? Figure::energy
           : network.regression() ? Figure::rmse
                                  : Figure::accuracy;
}

std::string to_text(Figure figure) {
    return figure == Figure::accuracy ? "accuracy" : figure == Figure::rmse ? "rmse" : "energy";
}

std::string shown(Figure figure, double value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), figure == Figure::accuracy ? "%.2f %%" : " %.5g",
                  value);
    return (figure == Figure::accuracy ? "" : to_text(figure)) + text.data();
}

template <typename Scalar>
Tally<Scalar>::Tally(const NetworkSpec& network, const OutputBlock<Scalar>& output)
    : network_(network),
      output_(output),
      confusion_(Matrix<double>::Zero(network.regression() ? 0 : network.outputs(),
                                      network.regression() ? 0 : network.outputs())) {
    for (Index l = 1; l <= network.hidden(); ++l) {
        positive_.push_back(Vector<double>::Zero(network.map(l - 1).to.size()));
    }
}

template <typename Scalar>
void Tally<Scalar>::add_hidden(Index layer, const ConstMatrixRef<Scalar>& u) {
    positive_[static_cast<std::size_t>(layer - 1)] +=
        (u.array() > Scalar{0}).rowwise().count().template cast<double>().matrix();
}

template <typename Scalar>
void Tally<Scalar>::add_outputs(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u) {
    loss_ += output_.energy(y, u).sum();
    if (network_.regression()) {
        squared_error_ += (y - u).template cast<double>().squaredNorm();
        return;
    }
    for (Index i = 0; i < u.cols(); ++i) {
        Index label = 0;
        Index predicted = 0;
        y.col(i).maxCoeff(&label);
        u.col(i).maxCoeff(&predicted);
        confusion_(label, predicted) += 1.0;
    }
}

template <typename Scalar>
Evaluation Tally<Scalar>::total(const Communicator& world, const Samples<Scalar>& samples) const {
    std::vector<double> sums{loss_, squared_error_};
    sums.insert(sums.end(), confusion_.data(), confusion_.data() + confusion_.size());
    const auto first_row = std::ssize(sums);
    for (const Vector<double>& rows : positive_) {
        sums.insert(sums.end(), rows.begin(), rows.end());
    }
    world.sum(std::span(sums));

    const auto count = static_cast<double>(samples.blocks.samples());
    Evaluation result;
    result.samples = samples.blocks.samples();
    result.loss = sums[0] / count;
    result.rmse = samples.target_unit * std::sqrt(sums[1] / count);
    result.confusion =
        Eigen::Map<Matrix<double>>(sums.data() + 2, confusion_.rows(), confusion_.cols());
    const double* row = sums.data() + first_row;
    for (const Vector<double>& rows : positive_) {
        const Eigen::Map<const Vector<double>> all(row, rows.size());
        row += rows.size();
        result.share_linear.push_back(100.0 * all.mean() / count);
        result.always_on += static_cast<double>((all.array() == count).count());
        result.always_off += static_cast<double>((all.array() == 0.0).count());
    }
    const auto units =
        static_cast<double>(std::max<std::ptrdiff_t>(std::ssize(sums) - first_row, 1));
    result.always_on *= 100.0 / units;
    result.always_off *= 100.0 / units;
    result.accuracy = 100.0 * result.confusion.trace() / count;
    return result;
}

namespace {

template <typename Scalar>
auto tallying(Tally<Scalar>& tally, const NetworkSpec& network, const Samples<Scalar>& samples) {
    return [&](Index layer, Range columns, const ConstMatrixRef<Scalar>& u) {
        if (layer <= network.hidden()) {
            tally.add_hidden(layer, u);
        } else {
            tally.add_outputs(samples.targets.middleCols(columns.begin, columns.size()), u);
        }
    };
}

}  // namespace

template <typename Scalar>
Evaluation evaluate(const Inference<Scalar>& inference, const NetworkSpec& network,
                    const OutputBlock<Scalar>& output, const Communicator& world,
                    const Samples<Scalar>& samples) {
    Tally<Scalar> tally(network, output);
    const Matrix<double> energies = inference.energies(samples, tallying(tally, network, samples));
    Evaluation result = tally.total(world, samples);
    result.energies = energies.colwise().sum().transpose();
    for (Index term = 0; term < energies.rows(); ++term) {
        result.mean_terms.push_back(energies.row(term).mean());
    }
    if (network.unsupervised()) {
        result.loss = result.energies.mean();
    }
    return result;
}

template <typename Scalar>
Evaluation evaluate(const Inference<Scalar>& inference, const NetworkSpec& network,
                    const OutputBlock<Scalar>& output, const Communicator& world,
                    const Samples<Scalar>& samples,
                    const typename Inference<Scalar>::FirstMap& first_map) {
    Tally<Scalar> tally(network, output);
    inference(samples, first_map, tallying(tally, network, samples));
    return tally.total(world, samples);
}

template <typename Scalar>
Evaluation evaluate_training(const ForwardPass<Scalar>& forward, const NetworkSpec& network,
                             const OutputBlock<Scalar>& output, const Communicator& world,
                             const Samples<Scalar>& samples, const Variables<Scalar>& variables) {
    Tally<Scalar> tally(network, output);
    if (network.layers() > 1) {
        forward.from_first_preactivations(samples, variables, tallying(tally, network, samples));
    } else if (samples.own.size() > 0) {
        tally.add_outputs(samples.targets, variables.u(1));
    }
    return tally.total(world, samples);
}

template class Tally<float>;
template class Tally<double>;
template Evaluation evaluate(const Inference<float>&, const NetworkSpec&, const OutputBlock<float>&,
                             const Communicator&, const Samples<float>&);
template Evaluation evaluate(const Inference<double>&, const NetworkSpec&,
                             const OutputBlock<double>&, const Communicator&,
                             const Samples<double>&);
template Evaluation evaluate(const Inference<float>&, const NetworkSpec&, const OutputBlock<float>&,
                             const Communicator&, const Samples<float>&,
                             const Inference<float>::FirstMap&);
template Evaluation evaluate(const Inference<double>&, const NetworkSpec&,
                             const OutputBlock<double>&, const Communicator&,
                             const Samples<double>&, const Inference<double>::FirstMap&);
template Evaluation evaluate_training(const ForwardPass<float>&, const NetworkSpec&,
                                      const OutputBlock<float>&, const Communicator&,
                                      const Samples<float>&, const Variables<float>&);
template Evaluation evaluate_training(const ForwardPass<double>&, const NetworkSpec&,
                                      const OutputBlock<double>&, const Communicator&,
                                      const Samples<double>&, const Variables<double>&);

}  // namespace hoist
