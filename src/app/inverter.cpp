#include "inverter.hpp"

#include <algorithm>
#include <numeric>

#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/problem/counter_random.hpp"
#include "hoist/train/picture_quality.hpp"

namespace hoist {

namespace {

constexpr int most_descent_steps = 500;

void check_invertible(const ModelHeader& header, const Config& config, const Shape& picture,
                      const InversionSettings& settings) {
    const NetworkSpec& network = header.network;
    if (config.formulation.is_lrrn()) {
        throw UsageError("invert does not go with formulation.name = lrrn",
                         "its blocks look down as well as up, so that no layer answers by itself",
                         "use a model of another formulation");
    }
    if (network.pictures()) {
        throw UsageError("invert does not go with a network that makes pictures",
                         "it is a restoration, and takes pictures of any size",
                         "use hoist predict, or a model of classes or values");
    }
    if (settings.layer > network.hidden()) {
        throw UsageError("--layer " + std::to_string(settings.layer) + " is not valid",
                         "the model has " + std::to_string(network.hidden()) + " hidden layers",
                         "count them from 1, or give 0 for the outputs");
    }
    if (settings.prior == PriorKind::tv && picture.places() < 2) {
        throw UsageError("--prior tv does not go with these data",
                         "total variation is that of pictures, and a sample is a row of " +
                             std::to_string(network.inputs()) + " numbers",
                         "use tikhonov or box");
    }
}

}  // namespace

InvertedModel open_inverted(const Communicator& world, const std::filesystem::path& path,
                            const InversionSettings& settings, const ConfigText& data_keys) {
    InvertedModel model;
    agree(world, [&] {
        if (world.rank() == 0) {
            read_model_header(path);
        }
    });
    agree(world, [&] {
        model.header = read_model_header(path, true);
        const NetworkSpec& network = model.header.network;
        const Config config = config_of(model.header);
        model.data = open_for_model(model.header, config, data_keys);
        model.picture = network.block(0);
        if (model.picture.places() == 1 && !network.pictures()) {
            model.picture = model.data->picture(0);
        }
        check_invertible(model.header, config, model.picture, settings);
        model.samples = settings.samples == 0 ? model.data->samples()
                                              : std::min(settings.samples, model.data->samples());
        model.stage.network = network;
        model.stage.layers = {0, network.layers()};
        model.stage.weights = read_weights<double>(path, network, model.stage.layers);
    });
    return model;
}

// Total variation is that of the picture as the data have it; other priors see what the network sees, in whose unit
// different inputs are comparable.
Inverter::Inverter(const InvertedModel& model, const InversionSettings& settings)
    : model_(model),
      settings_(settings),
      inversion_(model.header.network, model.stage, options(),
                 sees_data_unit() ? model.header.standardization : Standardization{}) {}

Index Inverter::given() const {
    const NetworkSpec& network = model_.header.network;
    return network.block(settings_.layer == 0 ? network.layers() : settings_.layer).size();
}

std::vector<InversionFigure> Inverter::figures() const {
    using enum InversionFigure;
    std::vector<InversionFigure> shown{alpha,  residual, relative_residual, energy, sweeps,
                                       ending, error};
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

void Inverter::invert(Index first, Range columns, InversionShare& share) const {
    const Index count = columns.size();
    std::vector<Index> chosen(static_cast<std::size_t>(count));
    std::iota(chosen.begin(), chosen.end(), first);
    Matrix<double> truth(inputs(), count);
    model_.data->read_inputs(chosen, {truth.data(), static_cast<std::size_t>(truth.size())});
    Matrix<double> seen = truth;
    if (!sees_data_unit()) {
        standardize(model_.header.standardization, seen);
    }
    Matrix<double> y = inversion_.answer(seen);
    add_noise(first, y);
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
        compare(truth.col(j), share.x.col(columns.begin + j), figure(error), figure(psnr),
                figure(ssim));
        if (settings_.compares) {
            compare(truth.col(j), descended.col(j), figure(descent_error), figure(descent_psnr),
                    figure(descent_ssim));
        }
    }
}

}  // namespace hoist
