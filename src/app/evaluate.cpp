#include <cstdio>
#include <iostream>

#include "commands.hpp"
#include "energies.hpp"
#include "hoist/comm/agree.hpp"
#include "model_figures.hpp"
#include "restore.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

void print_table(const ModelFigures& figures, const ModelHeader& header) {
    const Evaluation& evaluation = figures.evaluation;
    const Figure judged = figure_of(header.network);
    std::printf(judged == Figure::accuracy ? "%-10s %.2f %%\n" : "%-10s %.6g\n",
                to_text(judged).c_str(), evaluation.value(judged));
    if (figures.mirrored_accuracy) {
        std::printf("           %.2f %% with the scores of mirrored images averaged in\n",
                    *figures.mirrored_accuracy);
    }
    if (judged == Figure::psnr) {
        std::printf(
            "           dB, the mean over pictures\nssim       %.4f\nloss       %.6f\n"
            "samples    %td\n",
            evaluation.ssim, evaluation.loss, evaluation.samples);
        return;
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
    if (judged != Figure::accuracy || evaluation.confusion.rows() > 30) {
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

void print_energies(const std::vector<Energies>& rows) {
    std::printf("\nfree energy      mean   deviation    AUROC\n");
    for (const Energies& row : rows) {
        std::printf("%-12s %8.4g    %8.4g", row.name.c_str(), row.mean, row.deviation);
        if (row.area_under_roc) {
            std::printf("   %6.4f", *row.area_under_roc);
        }
        std::printf("\n");
    }
}

nlohmann::ordered_json energies_json(const std::vector<Energies>& rows) {
    nlohmann::ordered_json all = nlohmann::json::array();
    for (const Energies& row : rows) {
        nlohmann::ordered_json entry;
        entry["data"] = row.name;
        entry["mean"] = row.mean;
        entry["deviation"] = row.deviation;
        entry["auroc"] =
            row.area_under_roc ? nlohmann::json(*row.area_under_roc) : nlohmann::json(nullptr);
        all.push_back(entry);
    }
    return all;
}

template <typename Scalar>
void evaluate_model(const Communicator& world, const CommandLine& line,
                    const std::filesystem::path& path) {
    LoadedModel<Scalar> model = load_model<Scalar>(world, path);
    const std::vector<std::string> against = line.has("against")
                                                 ? line.get<std::vector<std::string>>("against")
                                                 : std::vector<std::string>();
    const bool compares = !against.empty() || line.has("energies");
    std::unique_ptr<Dataset> data;
    agree(world, [&] {
        if (compares && !model.config.formulation.is_lrrn()) {
            throw UsageError("--energies and --against do not go with this model",
                             "only formulation.name = lrrn answers with a free energy",
                             "leave them out");
        }
        data = open_for_model(model.header, model.config, line.keys());
        choose_degradation(line.keys(), false, model.config);
        const NetworkSpec& network = model.header.network;
        if (!data->labeled() && !network.unsupervised() && !network.pictures()) {
            throw DataError("the data have no targets to evaluate against", "",
                            "use hoist predict, or other data");
        }
    });
    print_remarks(world, *data);
    const ModelFigures figures =
        measure(model, world, *data,
                line.get<std::string>("rule") == "lifted" ? Rule::lifted : Rule::feedforward,
                line.has("augment") ? Augment::mirror : Augment::none);
    std::vector<Energies> energies;
    if (compares) {
        energies = compare_energies(model, world, *data, figures.evaluation.energies, line.keys(),
                                    against);
        energies.insert(energies.begin(), summarize("these data", figures.evaluation.energies));
    }
    if (world.rank() != 0) {
        return;
    }
    if (line.has("json")) {
        nlohmann::ordered_json json = to_json(figures, figure_of(model.header.network));
        if (compares) {
            json["energies"] = energies_json(energies);
        }
        std::cout << json.dump() << std::endl;
    } else {
        print_table(figures, model.header);
        if (compares) {
            print_energies(energies);
        }
    }
}

}  // namespace

CommandSyntax evaluate_syntax() {
    po::options_description options("Options", 110);
    options.add_options()                                                 //
        ("rule", po::value<std::string>()->default_value("feedforward"),  //
         "prediction: feedforward, or lifted (activations and output minimize the energy "
         "together)")  //
        ("augment", po::value<std::string>(),
         "predict from changed samples, too, and average: mirror (left and right of images)")  //
        ("energies",
         "show the free energy beside those of mirrored images and of Gaussian samples with the "
         "mean and deviation of each input (lrrn)")  //
        ("against", po::value<std::vector<std::string>>(),
         "and beside those of the data in this folder; may be given more than once (lrrn)")  //
        ("json", "print one JSON object")                                                    //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    return {options, {"MODEL"}, CommandSyntax::Keys::data};
}

ExitStatus run_evaluate(const Communicator& world, const CommandLine& line) {
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
