#include "model_figures.hpp"

#include <cmath>

#include "hoist/comm/agree.hpp"

namespace hoist {

namespace {

// The same figures by the lifted rule: accuracy, confusion and loss of its scores.
template <typename Scalar>
void use_lifted_rule(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                     Evaluation& evaluation) {
    const NetworkSpec& spec = model.header.network;
    if (spec.regression()) {
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

}  // namespace

template <typename Scalar>
ModelFigures measure(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                     Rule rule) {
    const NetworkSpec& spec = model.header.network;
    Samples<Scalar> samples = load_for_model(model, world, data, all_samples(data.samples()));
    const ForwardPass<Scalar> forward(spec, world, model.placement, model.stage);
    const auto output =
        make_output_block<Scalar>(spec.output, model.config.formulation.output_lambda());
    ModelFigures figures;
    figures.evaluation = evaluate(forward, spec, *output, world, samples);
    figures.lifted = minimize_activations(model.network(world), samples);
    if (rule == Rule::lifted) {
        use_lifted_rule(model, world, data, figures.evaluation);
    }
    return figures;
}

nlohmann::ordered_json to_json(const ModelFigures& figures, bool regression) {
    const Evaluation& evaluation = figures.evaluation;
    nlohmann::ordered_json json;
    json[regression ? "rmse" : "accuracy"] = regression ? evaluation.rmse : evaluation.accuracy;
    json["loss"] = evaluation.loss;
    json["objective"] = figures.lifted.energy.objective();
    json["samples"] = evaluation.samples;
    if (!regression) {
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

template ModelFigures measure(LoadedModel<float>&, const Communicator&, Dataset&, Rule);
template ModelFigures measure(LoadedModel<double>&, const Communicator&, Dataset&, Rule);

}  // namespace hoist
