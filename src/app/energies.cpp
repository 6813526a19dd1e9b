#include "energies.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/counter_random.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/problem/augmentation.hpp"

namespace hoist {

namespace {

std::optional<ImageLayout> layout_of(const ModelHeader& header) {
    return image_layout(header.network.block(0), header.sample_shape);
}

template <typename Scalar>
Vector<double> energies_of(LoadedModel<Scalar>& model, const Communicator& world,
                           const Samples<Scalar>& samples) {
    const auto inference = model.inference(world);
    const Matrix<double> terms =
        inference->energies(samples, [](Index, Range, const ConstMatrixRef<Scalar>&) {});
    return terms.colwise().sum().transpose();
}

// Each input on its own. Collective over the ranks of the first stage.
template <typename Scalar>
void draw_gaussian(const Communicator& peers, Samples<Scalar>& samples) {
    const auto count = static_cast<double>(samples.blocks.samples());
    const auto over_samples = [&](auto power) {
        Vector<double> sum = Vector<double>::Zero(samples.inputs.rows());
        for (Index i = 0; i < samples.inputs.cols(); ++i) {
            sum += power(samples.inputs.col(i).template cast<double>().array()).matrix();
        }
        peers.sum(std::span(sum.data(), static_cast<std::size_t>(sum.size())));
        return Vector<double>(sum / count);
    };
    const Vector<double> mean = over_samples([](const auto& x) { return x; });
    const Vector<double> deviation =
        over_samples([&](const auto& x) { return (x - mean.array()).square(); }).cwiseSqrt();
    for (Index i = 0; i < samples.inputs.cols(); ++i) {
        CounterRandom random(1, Purpose::comparison, {samples.columns.begin + i});
        for (Index row = 0; row < mean.size(); ++row) {
            samples.inputs(row, i) =
                static_cast<Scalar>(mean[row] + deviation[row] * random.normal());
        }
    }
}

// P(other > own) + P(other = own) / 2 of one of each, drawn at random.
double area_under_roc(const Vector<double>& own, const Vector<double>& other) {
    std::vector<double> sorted(own.begin(), own.end());
    std::ranges::sort(sorted);
    double above = 0.0;
    for (const double energy : other) {
        const auto equal = std::ranges::equal_range(sorted, energy);
        above += static_cast<double>(equal.begin() - sorted.begin()) +
                 0.5 * static_cast<double>(std::ssize(equal));
    }
    return above / (static_cast<double>(own.size()) * static_cast<double>(other.size()));
}

}  // namespace

bool are_images(const ModelHeader& header) { return layout_of(header).has_value(); }

template <typename Scalar>
void mirror_inputs(const LoadedModel<Scalar>& model, Samples<Scalar>& samples) {
    if (samples.inputs.size() == 0) {
        return;
    }
    const Standardization& unit = model.header.standardization;
    if (!unit.empty()) {
        samples.inputs =
            ((samples.inputs.template cast<double>().array().colwise() / unit.scale.array())
                 .colwise() +
             unit.mean.array())
                .template cast<Scalar>();
    }
    mirror_images<Scalar>(layout_of(model.header).value(), samples.inputs);
    if (!unit.empty()) {
        standardize(unit, samples.inputs);
    }
}

Energies summarize(const std::string& name, const Vector<double>& energies,
                   const Vector<double>* own) {
    Energies summary{.name = name, .mean = energies.mean()};
    summary.deviation = std::sqrt((energies.array() - summary.mean).square().mean());
    if (own != nullptr) {
        summary.area_under_roc = area_under_roc(*own, energies);
    }
    return summary;
}

template <typename Scalar>
std::vector<Energies> compare_energies(LoadedModel<Scalar>& model, const Communicator& world,
                                       Dataset& data, const Vector<double>& own,
                                       const ConfigText& given,
                                       const std::vector<std::string>& against) {
    std::vector<Energies> rows;
    const auto add = [&](const std::string& name, const Samples<Scalar>& samples) {
        rows.push_back(summarize(name, energies_of(model, world, samples), &own));
    };
    Samples<Scalar> samples = load_for_model(model, world, data, all_samples(data.samples()));
    const Matrix<Scalar> inputs = samples.inputs;
    if (are_images(model.header)) {
        mirror_inputs(model, samples);
        add("mirrored", samples);
        samples.inputs = inputs;
    }
    if (model.placement.first(world.rank())) {
        draw_gaussian(model.peers, samples);
    }
    add("Gaussian", samples);
    for (const std::string& path : against) {
        std::unique_ptr<Dataset> other;
        agree(world, [&] {
            ConfigText keys = given;
            keys["data.path"] = path;
            other = open_for_model(model.header, model.config, keys);
        });
        add(path, load_for_model(model, world, *other, all_samples(other->samples())));
    }
    return rows;
}

template void mirror_inputs(const LoadedModel<float>&, Samples<float>&);
template void mirror_inputs(const LoadedModel<double>&, Samples<double>&);
template std::vector<Energies> compare_energies(LoadedModel<float>&, const Communicator&, Dataset&,
                                                const Vector<double>&, const ConfigText&,
                                                const std::vector<std::string>&);
template std::vector<Energies> compare_energies(LoadedModel<double>&, const Communicator&, Dataset&,
                                                const Vector<double>&, const ConfigText&,
                                                const std::vector<std::string>&);

}  // namespace hoist
