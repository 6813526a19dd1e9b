#include <cstdio>
#include <iostream>

#include "commands.hpp"
#include "hoist/comm/agree.hpp"
#include "model_figures.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

void print_table(const ModelFigures& figures, const ModelHeader& header) {
    const Evaluation& evaluation = figures.evaluation;
    std::printf(header.network.regression() ? "rmse       %.6g\n" : "accuracy   %.2f %%\n",
                header.network.regression() ? evaluation.rmse : evaluation.accuracy);
    if (figures.mirrored_accuracy) {
        std::printf("           %.2f %% with the scores of mirrored images averaged in\n",
                    *figures.mirrored_accuracy);
    }
    std::printf("loss       %.6f\nobjective  %.6f\nsamples    %td\n", evaluation.loss,
                figures.lifted.energy.objective(), evaluation.samples);
    for (std::size_t i = 0; i < evaluation.share_linear.size(); ++i) {
        std::printf("hidden %zu   %.1f %% linear, gap %.3g\n", i + 1, evaluation.share_linear[i],
                    figures.lifted.gap[i]);
    }
    if (!figures.lifted.gap.empty()) {
        std::printf("gap is the mean over samples of %s\n", figures.lifted.gap_formula.c_str());
    }
    if (figures.minimized_samples < evaluation.samples) {
        std::printf("gap and objective are those of the first %td samples\n",
                    figures.minimized_samples);
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
    print_remarks(world, *data);
    const ModelFigures figures =
        measure(model, world, *data,
                line.get<std::string>("rule") == "lifted" ? Rule::lifted : Rule::feedforward,
                line.has("augment") ? Augment::mirror : Augment::none);
    if (world.rank() != 0) {
        return;
    }
    if (line.has("json")) {
        std::cout << to_json(figures, model.header.network.regression()).dump() << std::endl;
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
         "together)")  //
        ("augment", po::value<std::string>(),
         "predict from changed samples, too, and average: mirror (left and right of images)")  //
        ("json", "print one JSON object")                                                      //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    CommandLine line(command, options, {"MODEL"}, CommandLine::Keys::data);
    agree(world, [&] { line.parse(arguments); });
    if (line.help_wanted()) {
        return show_help(world, line);
    }
    agree(world, [&] {
        require_rule(line.get<std::string>("rule"));
        if (line.has("augment") && line.get<std::string>("augment") != "mirror") {
            throw UsageError("--augment " + line.get<std::string>("augment") + " is unknown", "",
                             "use mirror");
        }
    });
    const std::filesystem::path path =
        find_model(world, line.get<std::vector<std::string>>("argument").front());
    use_threads(world, line.get<int>("threads"));
    model_precision(world, path) == Precision::single ? evaluate_model<float>(world, line, path)
                                                      : evaluate_model<double>(world, line, path);
    return ExitStatus::done;
}

}  // namespace hoist
