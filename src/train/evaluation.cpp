#include "hoist/train/evaluation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "hoist/math/by_places.hpp"
#include "hoist/train/picture_quality.hpp"

namespace hoist {

Figure figure_of(const NetworkSpec& network) {
    return network.unsupervised() ? Figure::energy
           : network.regression() ? Figure::rmse
           : network.pictures()   ? Figure::psnr
                                  : Figure::accuracy;
}

std::string to_text(Figure figure) {
    switch (figure) {
        case Figure::accuracy:
            return "accuracy";
        case Figure::rmse:
            return "rmse";
        case Figure::energy:
            return "energy";
        case Figure::psnr:
            return "psnr";
    }
    return "";
}

std::string shown(Figure figure, double value) {
    std::array<char, 40> text{};
    const bool known = figure == Figure::accuracy || figure == Figure::psnr;
    std::snprintf(text.data(), text.size(), known ? "%.2f" : "%.5g", value);
    return known ? text.data() + std::string(figure == Figure::psnr ? " dB" : " %")
                 : to_text(figure) + " " + text.data();
}

template <typename Scalar>
Tally<Scalar>::Tally(const NetworkSpec& network, const OutputBlock<Scalar>& output,
                     const Samples<Scalar>& samples)
    : network_(network), output_(output), samples_(samples) {
    const Index classes = figure_of(network) == Figure::accuracy ? network.outputs() : 0;
    confusion_ = Matrix<double>::Zero(classes, classes);
    for (Index l = 1; l <= network.hidden(); ++l) {
        const Shape& u = network.map(l - 1).to;
        positive_.push_back(Vector<double>::Zero(network.pictures() ? u.channels : u.size()));
    }
}

template <typename Scalar>
void Tally<Scalar>::add_hidden(Index layer, const ConstMatrixRef<Scalar>& u) {
    Vector<double>& positive = positive_[static_cast<std::size_t>(layer - 1)];
    const auto add = [&](const auto& units) {
        positive += (units.array() > Scalar{0}).rowwise().count().template cast<double>().matrix();
    };
    if (network_.pictures()) {
        add(by_places<Scalar>(u, positive.size()));
    } else {
        add(u);
    }
}

template <typename Scalar>
void Tally<Scalar>::add_outputs(Range columns, const ConstMatrixRef<Scalar>& u) {
    const auto y = samples_.targets.middleCols(columns.begin, columns.size());
    loss_ += output_.energy(y, u).sum();
    if (network_.pictures()) {
        for (Index i = 0; i < u.cols(); ++i) {
            const Index column = columns.begin + i;
            const PictureQuality quality = compare_pictures(
                samples_.picture, made_picture<Scalar>(network_, samples_, column, y.col(i)),
                made_picture<Scalar>(network_, samples_, column, u.col(i)));
            psnr_ += quality.psnr;
            ssim_ += quality.ssim;
        }
        return;
    }
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
Evaluation Tally<Scalar>::total(const Communicator& world) const {
    std::vector<double> sums{loss_, squared_error_, psnr_, ssim_};
    const auto first_count = std::ssize(sums);
    sums.insert(sums.end(), confusion_.data(), confusion_.data() + confusion_.size());
    const auto first_row = std::ssize(sums);
    for (const Vector<double>& rows : positive_) {
        sums.insert(sums.end(), rows.begin(), rows.end());
    }
    world.sum(std::span(sums));

    const auto count = static_cast<double>(samples_.blocks.samples());
    Evaluation result;
    result.samples = samples_.blocks.samples();
    result.loss = sums[0] / count;
    result.rmse = samples_.target_unit * std::sqrt(sums[1] / count);
    result.psnr = sums[2] / count;
    result.ssim = sums[3] / count;
    result.confusion =
        Eigen::Map<Matrix<double>>(sums.data() + first_count, confusion_.rows(), confusion_.cols());
    const double* row = sums.data() + first_row;
    for (Index l = 1; l <= std::ssize(positive_); ++l) {
        const Index units = positive_[static_cast<std::size_t>(l - 1)].size();
        const Eigen::Map<const Vector<double>> all(row, units);
        row += units;
        const double seen = count * static_cast<double>(network_.map(l - 1).to.size() / units);
        result.share_linear.push_back(100.0 * all.mean() / seen);
        result.always_on += static_cast<double>((all.array() == seen).count());
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
auto tallying(Tally<Scalar>& tally, const NetworkSpec& network) {
    return [&](Index layer, Range columns, const ConstMatrixRef<Scalar>& u) {
        if (layer <= network.hidden()) {
            tally.add_hidden(layer, u);
        } else {
            tally.add_outputs(columns, u);
        }
    };
}

}  // namespace

template <typename Scalar>
Evaluation evaluate(const Inference<Scalar>& inference, const NetworkSpec& network,
                    const OutputBlock<Scalar>& output, const Communicator& world,
                    const Samples<Scalar>& samples) {
    Tally<Scalar> tally(network, output, samples);
    const Matrix<double> energies = inference.energies(samples, tallying(tally, network));
    Evaluation result = tally.total(world);
    result.energies = energies.colwise().sum().transpose();
    for (Index term = 0; term < energies.rows(); ++term) {
        result.mean_terms.push_back(energies.row(term).mean());
    }
    if (network.unsupervised()) {
        result.loss = result.energies.mean();
    }
    return result;
}

namespace {

// Every mean of `sum`, of samples that were judged before, becomes one over these and those of `more`.
void add_means(Evaluation& sum, const Evaluation& more) {
    const double all = static_cast<double>(sum.samples + more.samples);
    const double before = static_cast<double>(sum.samples) / all;
    const double now = static_cast<double>(more.samples) / all;
    for (double Evaluation::*const mean : {&Evaluation::loss, &Evaluation::psnr, &Evaluation::ssim,
                                           &Evaluation::always_on, &Evaluation::always_off}) {
        sum.*mean = before * sum.*mean + now * more.*mean;
    }
    for (std::size_t l = 0; l < more.share_linear.size(); ++l) {
        sum.share_linear[l] = before * sum.share_linear[l] + now * more.share_linear[l];
    }
    sum.samples += more.samples;
}

}  // namespace

template <typename Scalar>
Evaluation evaluate(const FormulationOptions& options, const Communicator& world,
                    const Placement& placement, const Stage<Scalar>& stage,
                    const OutputBlock<Scalar>& output, const std::vector<Judged<Scalar>>& parts) {
    const auto judge = [&](const Stage<Scalar>& judged, const Samples<Scalar>& samples) {
        const auto inference = make_inference<Scalar>(options, world, placement, judged);
        return evaluate(*inference, judged.network, output, world, samples);
    };
    if (!stage.network.pictures()) {
        return judge(stage, parts.front().samples);
    }
    Evaluation all;
    for (const Judged<Scalar>& part : parts) {
        const Evaluation one = judge(part.stage(stage), part.samples);
        if (all.samples == 0) {
            all = one;
        } else {
            add_means(all, one);
        }
    }
    return all;
}

template <typename Scalar>
Evaluation evaluate(const Inference<Scalar>& inference, const NetworkSpec& network,
                    const OutputBlock<Scalar>& output, const Communicator& world,
                    const Samples<Scalar>& samples,
                    const typename Inference<Scalar>::FirstMap& first_map) {
    Tally<Scalar> tally(network, output, samples);
    inference(samples, first_map, tallying(tally, network));
    return tally.total(world);
}

template <typename Scalar>
Evaluation evaluate_training(const ForwardPass<Scalar>& forward, const NetworkSpec& network,
                             const OutputBlock<Scalar>& output, const Communicator& world,
                             const Samples<Scalar>& samples, const Variables<Scalar>& variables) {
    Tally<Scalar> tally(network, output, samples);
    if (network.layers() > 1) {
        forward.from_first_preactivations(samples, variables, tallying(tally, network));
    } else if (samples.own.size() > 0) {
        tally.add_outputs({0, samples.columns.size()}, variables.u(1));
    }
    return tally.total(world);
}

template class Tally<float>;
template class Tally<double>;
template Evaluation evaluate(const Inference<float>&, const NetworkSpec&, const OutputBlock<float>&,
                             const Communicator&, const Samples<float>&);
template Evaluation evaluate(const Inference<double>&, const NetworkSpec&,
                             const OutputBlock<double>&, const Communicator&,
                             const Samples<double>&);
template Evaluation evaluate(const FormulationOptions&, const Communicator&, const Placement&,
                             const Stage<float>&, const OutputBlock<float>&,
                             const std::vector<Judged<float>>&);
template Evaluation evaluate(const FormulationOptions&, const Communicator&, const Placement&,
                             const Stage<double>&, const OutputBlock<double>&,
                             const std::vector<Judged<double>>&);
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
