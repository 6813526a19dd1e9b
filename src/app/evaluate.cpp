#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/train/evaluation.hpp"
#include "model_argument.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

// Samples whose lifted scores are computed together.
constexpr Index chunk = 16384;

/// Everything that evaluate shows.
struct Figures {
    Evaluation evaluation;
    LiftedState lifted;
};

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
    for (Index first = 0; first < data.samples(); first += chunk) {
        const Index count = std::min(chunk, data.samples() - first);
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

template <typename Scalar>
Figures measure(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                bool lifted_rule) {
    const NetworkSpec& spec = model.header.network;
    Samples<Scalar> samples = load_for_model(model, world, data, all_samples(data.samples()));
    const ForwardPass<Scalar> forward(spec, world, model.placement, model.stage);
    const auto output =
        make_output_block<Scalar>(spec.output, model.config.formulation.output_lambda());
    Figures figures;
    figures.evaluation = evaluate(forward, spec, *output, world, samples);
    figures.lifted = minimize_activations(model.network(world), samples);
    if (lifted_rule) {
        use_lifted_rule(model, world, data, figures.evaluation);
    }
    return figures;
}

void print_json(const Figures& figures, bool regression) {
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
    json["share_linear"] = evaluation.share_linear;
    std::cout << json.dump() << std::endl;
}

void print_table(const Figures& figures, const ModelHeader& header) {
    const Evaluation& evaluation = figures.evaluation;
    std::printf(header.network.regression() ? "rmse       %.6f\n" : "accuracy   %.2f %%\n",
                header.network.regression() ? evaluation.rmse : evaluation.accuracy);
    std::printf("loss       %.6f\nobjective  %.6f\nsamples    %td\n", evaluation.loss,
                figures.lifted.energy.objective(), evaluation.samples);
    for (std::size_t i = 0; i < evaluation.share_linear.size(); ++i) {
        std::printf("hidden %zu   %.1f %% linear, gap %.3g\n", i + 1, evaluation.share_linear[i],
                    figures.lifted.gap[i]);
    }
    if (header.network.regression() || evaluation.confusion.rows() > 30) {
        return;
    }
    std::printf("\nconfusion (rows are true classes)\n");
    for (Index i = 0; i < evaluation.confusion.rows(); ++i) {
        const auto position = static_cast<std::size_t>(i);
        const std::string name =
            position < header.class_names.size() ? header.class_names[position] : std::to_string(i);
        std::printf("%12s ", name.c_str());
        for (Index j = 0; j < evaluation.confusion.cols(); ++j) {
            std::printf("%6.0f", evaluation.confusion(i, j));
        }
        std::printf("\n");
    }
}

template <typename Scalar>
void evaluate_model(const Communicator& world, const CommandLine& line,
                    const std::filesystem::path& path) {
    LoadedModel<Scalar> model = load_model<Scalar>(world, path);
    std::unique_ptr<Dataset> data;
    agree(world, [&] {
        data = open_for_model(model.header, model.config, line.keys());
        if (!data->labeled()) {
            throw DataError("the data have no targets to evaluate against", "",
                            "use hoist predict, or other data");
        }
    });
    const Figures figures = measure(model, world, *data, line.get<std::string>("rule") == "lifted");
    if (world.rank() != 0) {
        return;
    }
    if (line.has("json")) {
        print_json(figures, model.header.network.regression());
    } else {
        print_table(figures, model.header);
    }
}

}  // namespace

ExitStatus run_evaluate(const Communicator& world, const Command& command,
                        const std::vector<std::string>& arguments) {
    po::options_description options("Options", 110);
    options.add_options()                                                 //
        ("rule", po::value<std::string>()->default_value("feedforward"),  //
         "prediction: feedforward, or lifted (activations and output minimize the energy "
         "together)")                      //
        ("json", "print one JSON object")  //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    CommandLine line(command, options, {"MODEL"}, CommandLine::Keys::data);
    agree(world, [&] { line.parse(arguments); });
    if (line.help_wanted()) {
        return show_help(world, line);
    }
    agree(world, [&] { require_rule(line.get<std::string>("rule")); });
    const std::filesystem::path path =
        find_model(world, line.get<std::vector<std::string>>("argument").front());
    use_threads(world, line.get<int>("threads"));
    model_precision(world, path) == Precision::single ? evaluate_model<float>(world, line, path)
                                                      : evaluate_model<double>(world, line, path);
    return ExitStatus::done;
}

}  // namespace hoist
