#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/train/evaluation.hpp"
#include "hoist/train/lrrn_attack.hpp"
#include "model_certificate.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

/// How often an attack succeeded that may go so many times as far as the certificate reaches.
struct Attacked {
    double times = 1.0;
    Index changed = 0;
};

/// What certify tells.
struct Certificate {
    LipschitzBound bound;
    Radii radii;
    double accuracy = 0.0;
    std::vector<double> at;
    Index attacked_samples = 0;
    std::vector<Attacked> attacks;
};

constexpr Index most_attacked = 1000;

std::vector<double> read_radii(const std::string& text) {
    std::vector<double> radii;
    for (const std::string& piece : split(text, ',')) {
        const auto value = to_number(trim(piece));
        if (!value || !(*value >= 0.0)) {
            throw UsageError("--radii " + text + " is not valid", "'" + piece + "' is no radius",
                             "give numbers with commas, as 0.1,0.3");
        }
        radii.push_back(*value);
    }
    return radii;
}

void check_certifiable(const ModelHeader& header, const Dataset& data, bool attacks, bool lrrn) {
    if (figure_of(header.network) != Figure::accuracy) {
        throw UsageError(
            "certify does not go with network.output = " + to_text(header.network.output) + " of " +
                std::to_string(header.network.outputs()),
            "a radius is that within which a class stays", "use a model of classes");
    }
    if (!header.lift.empty()) {
        throw UsageError("certify does not go with data.lift = " + to_text(header.lift),
                         "a radius would be that of lifted inputs, not of those that are given",
                         "use a model whose inputs are not lifted");
    }
    if (!data.labeled()) {
        throw DataError("the data have no classes to certify", "", "use other data");
    }
    if (attacks && !lrrn) {
        throw UsageError("--attack does not go with this model",
                         "it takes slopes by the adjoint of formulation.name = lrrn",
                         "leave it out");
    }
}

template <typename Scalar>
void attack_model(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                  const Matrix<double>& outputs, Certificate& certificate) {
    const Index count = std::min(most_attacked, data.samples());
    std::vector<Index> chosen = all_samples(count);
    const Samples<Scalar> samples = load_for_model(model, world, data, chosen);
    std::vector<Index> classes = largest_rows(outputs.leftCols(count));
    const Standardization& standardization = model.header.standardization;
    const Vector<double> unit = standardization.empty()
                                    ? Vector<double>::Ones(model.header.network.inputs())
                                    : standardization.scale;
    certificate.attacked_samples = count;
    for (const double times : {1.0, 1.1, 1.5, 2.0}) {
        std::vector<double> radii(certificate.radii.by_differences.begin(),
                                  certificate.radii.by_differences.begin() + count);
        for (double& radius : radii) {
            radius *= times;
        }
        const std::vector<bool> changed = attack(model.config.formulation, world, model.placement,
                                                 model.stage, samples, classes, radii, unit);
        certificate.attacks.push_back({times, std::ranges::count(changed, true)});
    }
}

void print_json(const Certificate& certificate) {
    nlohmann::ordered_json json;
    json["lipschitz"] = certificate.bound.whole();
    json["factors"] = certificate.bound.factors;
    json["unit"] = certificate.bound.unit;
    json["samples"] = certificate.radii.right.size();
    json["accuracy"] = certificate.accuracy;
    json["median_radius"] = median_radius(certificate.radii.predicted);
    json["median_radius_true_class"] = median_radius(certificate.radii.true_class);
    json["median_radius_by_differences"] = median_radius(certificate.radii.by_differences);
    json["certified"] = nlohmann::json::array();
    for (const double r : certificate.at) {
        json["certified"].push_back(
            {{"radius", r},
             {"accuracy", certificate.radii.certified(r)},
             {"accuracy_by_differences", certificate.radii.certified_by_differences(r)}});
    }
    if (certificate.attacked_samples > 0) {
        json["attacked_samples"] = certificate.attacked_samples;
        json["attacks"] = nlohmann::json::array();
        for (const Attacked& attacked : certificate.attacks) {
            json["attacks"].push_back({{"times", attacked.times}, {"changed", attacked.changed}});
        }
    }
    std::cout << json.dump() << std::endl;
}

void print_table(const Certificate& certificate) {
    std::string factors;
    for (const double factor : certificate.bound.factors) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.4f", factor);
        factors += (factors.empty() ? "" : " x ") + std::string(text.data());
    }
    if (certificate.bound.unit != 1.0) {
        factors += " x " + to_text(certificate.bound.unit) + " for the unit of the inputs";
    }
    std::printf("Lipschitz bound  %.6f = %s\n", certificate.bound.whole(), factors.c_str());
    std::printf("accuracy         %.2f %% of %zu samples\n", certificate.accuracy,
                certificate.radii.right.size());
    std::printf("median radius    %.4f by the predicted class, %.4f by the true one\n",
                median_radius(certificate.radii.predicted),
                median_radius(certificate.radii.true_class));
    std::printf("                 %.4f by differences of two outputs\n\n",
                median_radius(certificate.radii.by_differences));
    std::printf("radius    certified   by differences\n");
    for (const double r : certificate.at) {
        std::printf("%-8s  %7.2f %%   %7.2f %%\n", to_text(r).c_str(),
                    certificate.radii.certified(r), certificate.radii.certified_by_differences(r));
    }
    if (certificate.attacked_samples > 0) {
        std::printf("\nattacked         the first %td samples, by projected gradient steps\n",
                    certificate.attacked_samples);
        for (const Attacked& attacked : certificate.attacks) {
            std::printf("  within %-4s of the radius, %td changed class\n",
                        (to_text(attacked.times)).c_str(), attacked.changed);
        }
    }
}

template <typename Scalar>
void certify(const Communicator& world, const CommandLine& line,
             const std::filesystem::path& path) {
    LoadedModel<Scalar> model = load_model<Scalar>(world, path);
    std::unique_ptr<Dataset> data;
    const bool attacks = line.has("attack");
    agree(world, [&] {
        data = open_for_model(model.header, model.config, line.keys());
        check_certifiable(model.header, *data, attacks, model.config.formulation.is_lrrn());
    });
    print_remarks(world, *data);
    Certificate certificate;
    certificate.at = read_radii(line.get<std::string>("radii"));
    certificate.bound = bound_of(model, world);
    agree(world, [&] {
        if (!std::isfinite(certificate.bound.whole())) {
            throw UsageError("there is no bound for this model",
                             "an activation of " + model.header.network.activation_text() +
                                 " jumps, or weights are not finite",
                             "use a model of continuous activations");
        }
    });
    const CertifiedSamples certified = certify_samples(model, world, *data, certificate.bound);
    certificate.radii = certified.radii;
    certificate.accuracy = 100.0 *
                           static_cast<double>(std::ranges::count(certificate.radii.right, true)) /
                           static_cast<double>(data->samples());
    if (attacks) {
        attack_model(model, world, *data, certified.outputs, certificate);
    }
    if (world.rank() == 0) {
        line.has("json") ? print_json(certificate) : print_table(certificate);
    }
}

}  // namespace

CommandSyntax certify_syntax() {
    po::options_description options("Options", 110);
    options.add_options()  //
        ("radii", po::value<std::string>()->default_value("0.1,0.25,0.5,1"),
         "radii at which the certified accuracy is shown")  //
        ("attack",
         "try to break it on the first 1,000 samples, within 1, 1.1, 1.5 and 2 times their "
         "radii")                          //
        ("json", "print one JSON object")  //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    return {options, {"MODEL"}, CommandSyntax::Keys::data};
}

ExitStatus run_certify(const Communicator& world, const CommandLine& line) {
    agree(world, [&] { read_radii(line.get<std::string>("radii")); });
    const std::filesystem::path path =
        find_model(world, line.get<std::vector<std::string>>("argument").front());
    use_threads(world, line.get<int>("threads"));
    model_precision(world, path) == Precision::single ? certify<float>(world, line, path)
                                                      : certify<double>(world, line, path);
    return ExitStatus::done;
}

}  // namespace hoist
