#include "model_figures.hpp"

#include <cmath>

#include "energies.hpp"
#include "hoist/comm/agree.hpp"
#include "restore.hpp"

namespace hoist {

namespace {

// The same figures by the lifted rule: accuracy, confusion and loss of its scores.
template <typename Scalar>
void use_lifted_rule(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                     Evaluation& evaluation) {
    const NetworkSpec& spec = model.header.network;
    if (figure_of(spec) != Figure::accuracy) {
        return;  // both rules agree
    }
    evaluation.confusion.setZero();
    double loss = 0.0;
    const std::vector<Index> all = all_samples(data.samples());
    for (Index first = 0; first < data.samples(); first += samples_at_once) {
        const Index count = std::min(samples_at_once, data.samples() - first);
        const std::vector<Index> chosen(all.begin() + first, all.begin() + first + count);
        const Samples<Scalar> samples = load_for_model(model, world, data, chosen);
        const Matrix<double> scores = lifted_scores(model.network(world), samples);
        std::vector<Index> labels(chosen.size());
        agree(world, [&] { data.read_labels(chosen, labels); });
        for (Index i = 0; i < count; ++i) {
            const Index label = labels[static_cast<std::size_t>(i)];
            Index predicted = 0;
            scores.col(i).maxCoeff(&predicted);
            evaluation.confusion(label, predicted) += 1.0;
            loss -= std::log(std::max(scores(label, i), 1e-300));
        }
    }
    evaluation.loss = loss / static_cast<double>(data.samples());
    evaluation.accuracy =
        100.0 * evaluation.confusion.trace() / static_cast<double>(data.samples());
}

// How many samples have activations of no more than half a gigabyte in single precision, which take
// minutes to minimize as it is.
Index most_minimized(const NetworkSpec& spec) {
    Index numbers = 0;
    for (Index l = 0; l < spec.layers(); ++l) {
        numbers += spec.block(l).size() + spec.map(l).to.size();
    }
    return std::max<Index>(1, (Index{1} << 27) / numbers);
}

[[noreturn]] void refuse_mirrored() {
    throw UsageError("--augment mirror does not go with this model",
                     "its inputs are no images of classes, as far as is known",
                     "leave --augment out");
}

template <typename Scalar>
double mirrored_accuracy(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                         Samples<Scalar>& samples) {
    if (!are_images(model.header) || figure_of(model.header.network) != Figure::accuracy) {
        agree(world, refuse_mirrored);
    }
    Matrix<double> scores = network_scores(model.network(world), samples);
    mirror_inputs(model, samples);
    scores += network_scores(model.network(world), samples);
    std::vector<Index> labels(static_cast<std::size_t>(data.samples()));
    agree(world, [&] { data.read_labels(all_samples(data.samples()), labels); });
    double right = 0.0;
    for (Index i = 0; i < scores.cols(); ++i) {
        Index predicted = 0;
        scores.col(i).maxCoeff(&predicted);
        right += predicted == labels[static_cast<std::size_t>(i)] ? 1.0 : 0.0;
    }
    return 100.0 * right / static_cast<double>(data.samples());
}

}  // namespace

template <typename Scalar>
ModelFigures measure(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                     Rule rule, Augment augment) {
    const NetworkSpec& spec = model.header.network;
    if (spec.pictures()) {
        if (augment == Augment::mirror) {
            agree(world, refuse_mirrored);
        }
        return {evaluate(model.config.formulation, world, model.placement, model.stage,
                         *make_output_block<Scalar>(spec.output, model.config.formulation),
                         load_pictures_for(model, world, data, all_samples(data.samples()))),
                {},
                data.samples()};
    }
    Samples<Scalar> samples = load_for_model(model, world, data, all_samples(data.samples()));
    const auto inference = model.inference(world);
    const auto output = make_output_block<Scalar>(spec.output, model.config.formulation);
    ModelFigures figures;
    figures.evaluation = evaluate(*inference, spec, *output, world, samples);
    const bool relaxed = model.config.formulation.is_lrrn();
    figures.minimized_samples =
        relaxed ? data.samples() : std::min(most_minimized(spec), data.samples());
    if (relaxed) {  // its state minimizes the energy as it is
        figures.lifted.energy = {spec.unsupervised() ? 0.0 : figures.evaluation.loss,
                                 figures.evaluation.energies.mean(), 0.0};
        figures.lifted.gap = figures.evaluation.mean_terms;
        figures.lifted.gap_formula = "gamma^k/2 (|z - W z_below - b|^2 + beta |W'z - z_below|^2)";
    } else if (figures.minimized_samples == data.samples()) {
        figures.lifted = minimize_activations(model.network(world), samples);
    } else {
        const std::vector<Index> all = all_samples(data.samples());
        figures.lifted = minimize_activations(
            model.network(world),
            load_for_model(model, world, data,
                           {all.begin(), all.begin() + figures.minimized_samples}));
    }
    if (rule == Rule::lifted) {
        use_lifted_rule(model, world, data, figures.evaluation);
    }
    if (augment == Augment::mirror) {
        figures.mirrored_accuracy = mirrored_accuracy(model, world, data, samples);
    }
    return figures;
}

nlohmann::ordered_json to_json(const ModelFigures& figures, Figure judged) {
    const Evaluation& evaluation = figures.evaluation;
    nlohmann::ordered_json json;
    json[to_text(judged)] = evaluation.value(judged);
    if (figures.mirrored_accuracy) {
        json["mirrored_accuracy"] = *figures.mirrored_accuracy;
    }
    json["loss"] = evaluation.loss;
    if (judged == Figure::psnr) {
        json["ssim"] = evaluation.ssim;
        json["samples"] = evaluation.samples;
        json["share_linear"] = evaluation.share_linear;
        return json;
    }
    json["objective"] = figures.lifted.energy.objective();
    json["samples"] = evaluation.samples;
    json["minimized_samples"] = figures.minimized_samples;
    if (judged == Figure::accuracy) {
        std::vector<std::vector<Index>> rows;
        for (Index i = 0; i < evaluation.confusion.rows(); ++i) {
            rows.emplace_back();
            for (Index j = 0; j < evaluation.confusion.cols(); ++j) {
                rows.back().push_back(static_cast<Index>(evaluation.confusion(i, j)));
            }
        }
        json["confusion"] = rows;
    }
    json["gap"] = figures.lifted.gap;
    json["gap_formula"] = figures.lifted.gap_formula;
    json["share_linear"] = evaluation.share_linear;
    return json;
}

template ModelFigures measure(LoadedModel<float>&, const Communicator&, Dataset&, Rule, Augment);
template ModelFigures measure(LoadedModel<double>&, const Communicator&, Dataset&, Rule, Augment);

}  // namespace hoist
