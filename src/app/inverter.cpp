#include "inverter.hpp"

#include <algorithm>
#include <numeric>

#include "given_values.hpp"
#include "hoist/base/counter_random.hpp"
#include "hoist/base/error.hpp"
#include "hoist/train/picture_quality.hpp"

namespace hoist {

namespace {

constexpr int most_descent_steps = 500;

}  // namespace

// Total variation is that of the picture as the data have it; other priors see what the network sees, in whose unit
// different inputs are comparable.
Inverter::Inverter(const InvertedModel& model, const InversionSettings& settings)
    : model_(model),
      settings_(settings),
      inversion_(model.header.network, model.stage, options(),
                 sees_data_unit() ? model.header.standardization : Standardization{}) {}

Index Inverter::given() const { return given_numbers(model_.header.network, settings_.layer); }

std::vector<InversionFigure> Inverter::figures() const {
    using enum InversionFigure;
    std::vector<InversionFigure> shown{alpha, residual, relative_residual, energy, sweeps, ending};
    if (model_.values) {
        return shown;
    }
    shown.push_back(error);
    const bool picture = model_.picture.places() > 1;
    if (picture) {
        shown.insert(shown.end(), {psnr, ssim});
    }
    if (settings_.compares) {
        shown.push_back(descent_error);
    }
    if (settings_.compares && picture) {
        shown.insert(shown.end(), {descent_psnr, descent_ssim});
    }
    return shown;
}

InversionOptions Inverter::options() const {
    InversionOptions options;
    options.layer = settings_.layer;
    options.scores = model_.values;
    options.lambda.assign(model_.header.network.activations.size(), settings_.lambda);
    if (settings_.layer > 0) {
        options.lambda[static_cast<std::size_t>(settings_.layer - 1)] = 1.0;
    }
    options.sweeps = settings_.sweeps;
    options.tolerance = settings_.tolerance;
    return options;
}

PriorOptions Inverter::prior() const {
    Matrix<double> bounds(inputs(), 2);
    bounds.col(0).setConstant(settings_.lower);
    bounds.col(1).setConstant(settings_.upper);
    standardize(model_.header.standardization, bounds);
    return {settings_.prior, settings_.variation, model_.picture, bounds.col(0), bounds.col(1)};
}

// Gaussian, of a length that is the share of y's; the same for a sample on every grid.
void Inverter::add_noise(Index first, Matrix<double>& y) const {
    for (Index j = 0; settings_.noise > 0.0 && j < y.cols(); ++j) {
        CounterRandom random(settings_.seed, Purpose::inversion, {first + j});
        const Vector<double> noise =
            Vector<double>::NullaryExpr(y.rows(), [&](Index) { return random.normal(); });
        y.col(j) += (settings_.noise * y.col(j).norm() / noise.norm()) * noise;
    }
}

Matrix<double> Inverter::in_data_unit(Matrix<double> x) const {
    const Standardization& unit = model_.header.standardization;
    if (!sees_data_unit() && !unit.empty()) {
        x.array().colwise() /= unit.scale.array();
        x.colwise() += unit.mean;
    }
    return x;
}

void Inverter::compare(const Vector<double>& truth, const Vector<double>& x, double& error,
                       double& psnr, double& ssim) const {
    const double size = truth.norm();
    error = (x - truth).norm() / (size > 0.0 ? size : 1.0);
    if (model_.picture.places() > 1) {
        const PictureQuality quality = compare_pictures(model_.picture, truth, x);
        psnr = quality.psnr;
        ssim = quality.ssim;
    }
}

Matrix<double> Inverter::read(Index first, Index count) const {
    std::vector<Index> chosen(static_cast<std::size_t>(count));
    std::iota(chosen.begin(), chosen.end(), first);
    Matrix<double> columns(model_.data->features(), count);
    model_.data->read_inputs(chosen, {columns.data(), static_cast<std::size_t>(columns.size())});
    return columns;
}

Matrix<double> Inverter::in_network_unit(Matrix<double> values) const {
    const Standardization& targets = model_.header.targets;
    if (settings_.layer == 0 && !targets.empty()) {
        values = (values.array() - targets.mean[0]) * targets.scale[0];
    }
    return values;
}

void Inverter::invert(Index first, Range columns, InversionShare& share) const {
    const Index count = columns.size();
    Matrix<double> truth;
    Matrix<double> y;
    if (model_.values) {
        y = in_network_unit(read(first, count));
    } else {
        truth = read(first, count);
        Matrix<double> seen = truth;
        if (!sees_data_unit()) {
            standardize(model_.header.standardization, seen);
        }
        y = inversion_.answer(seen);
        add_noise(first, y);
    }
    const Vector<double> sizes = y.colwise().norm().transpose();
    const Vector<double> allowed =
        residual_over_noise * std::max(settings_.noise, least_noise) * sizes;
    const GivenValues given{y, settings_.noise * sizes};
    const std::unique_ptr<Prior> prior = make_prior(this->prior(), count);
    const FoundInputs found =
        settings_.alpha
            ? inversion_.find(given, *prior, Vector<double>::Constant(count, *settings_.alpha))
            : inversion_.find_within(given, *prior, allowed);
    const Matrix<double> descended =
        settings_.compares ? in_data_unit(inversion_.landweber(y, allowed, most_descent_steps))
                           : Matrix<double>();
    part(share.x, columns) = in_data_unit(found.x);
    part(share.y, columns) = y;
    for (Index j = 0; j < count; ++j) {
        const auto at = static_cast<std::size_t>(j);
        const auto figure = [&](InversionFigure which) -> double& {
            return share.figures(static_cast<Index>(which), columns.begin + j);
        };
        using enum InversionFigure;
        figure(alpha) = found.alpha[j];
        figure(residual) = found.residual[j];
        figure(relative_residual) = sizes[j] > 0.0 ? found.residual[j] / sizes[j] : 0.0;
        figure(energy) = found.energy[j];
        figure(sweeps) = found.sweeps[at];
        figure(ending) = static_cast<double>(found.ending[at]);
        if (!model_.values) {
            compare(truth.col(j), share.x.col(columns.begin + j), figure(error), figure(psnr),
                    figure(ssim));
        }
        if (settings_.compares) {
            compare(truth.col(j), descended.col(j), figure(descent_error), figure(descent_psnr),
                    figure(descent_ssim));
        }
    }
}

}  // namespace hoist
