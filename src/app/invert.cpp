#include <algorithm>
#include <cmath>
#include <cstdio>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/comm/process_grid.hpp"
#include "inverter.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

/// Samples that are inverted as one matrix, whatever the grid, so that every grid does the same arithmetic; and those that are
/// written together.
constexpr Index columns_at_once = 8;
constexpr Index written_at_once = 1024;

void require_option(bool holds, const std::string& option, const std::string& why,
                    const std::string& advice) {
    if (!holds) {
        throw UsageError(option + " is not valid", why, advice);
    }
}

double positive(const CommandLine& line, const std::string& name, const std::string& advice) {
    const double value = line.get<double>(name);
    require_option(value > 0.0 && std::isfinite(value), "--" + name + " " + to_text(value),
                   "it has to be positive", advice);
    return value;
}

// "28x28" or "32x32x3".
Shape read_picture_shape(const std::string& text) {
    std::vector<Index> sizes;
    for (const std::string& piece : split(text, 'x')) {
        const auto size = to_whole_number(piece);
        sizes.push_back(size && *size > 0 && *size < 1 << 16 ? static_cast<Index>(*size) : 0);
    }
    require_option((sizes.size() == 2 || sizes.size() == 3) && std::ranges::count(sizes, 0) == 0,
                   "--picture " + text, "it is no shape",
                   "write ROWSxCOLUMNS or ROWSxCOLUMNSxCHANNELS");
    return {sizes[0], sizes[1], sizes.size() == 3 ? sizes[2] : 1};
}

InversionSettings read_inversion(const CommandLine& line) {
    InversionSettings settings;
    settings.prior = parse_prior(line.get<std::string>("prior"));
    settings.variation = parse_variation(line.get<std::string>("variation"));
    settings.lower = line.get<double>("lower");
    settings.upper = line.get<double>("upper");
    require_option(settings.lower <= settings.upper && std::isfinite(settings.lower) &&
                       std::isfinite(settings.upper),
                   "--lower " + to_text(settings.lower) + " --upper " + to_text(settings.upper),
                   "they are no interval", "give a lower bound that is not above the upper one");
    if (line.has("alpha")) {
        settings.alpha = positive(line, "alpha", "leave it out to have it chosen by the noise");
    }
    settings.noise = line.get<double>("noise");
    require_option(settings.noise >= 0.0 && std::isfinite(settings.noise),
                   "--noise " + to_text(settings.noise), "it is a share of the given values",
                   "give 0 or more, as 0.01 for a hundredth");
    settings.seed = line.get<std::uint64_t>("seed");
    settings.layer = line.get<Index>("layer");
    require_option(settings.layer >= 0, "--layer " + std::to_string(settings.layer),
                   "it is a number", "count hidden layers from 1, or give 0 for the outputs");
    if (line.has("given")) {
        settings.given = line.get<std::string>("given");
    }
    if (line.has("picture")) {
        settings.picture = read_picture_shape(line.get<std::string>("picture"));
    }
    settings.lambda = positive(line, "lambda", "leave it out for 0.03");
    settings.samples = line.get<Index>("samples");
    require_option(settings.samples >= 0, "--samples " + std::to_string(settings.samples),
                   "it is a number", "give 0 for all of them");
    settings.sweeps = line.get<int>("sweeps");
    require_option(settings.sweeps > 0, "--sweeps " + std::to_string(settings.sweeps),
                   "it has to be positive", "leave it out for 500");
    settings.tolerance = positive(line, "tolerance", "leave it out for 1e-5");
    settings.compares = line.has("compare");
    return settings;
}

// All that was found for the samples of the data from `first` on, on every rank. Collective: blocks of samples belong to
// ranks, and each is inverted by its own.
InversionShare invert_samples(const Communicator& world, const InvertedModel& model,
                              const Inverter& inverter, Index first, Index count) {
    const ColumnBlocks blocks(count, columns_at_once);
    const Range own = ProcessGrid({world.size()}).owned(world.rank(), blocks.count());
    InversionShare share{Matrix<double>::Zero(inverter.inputs(), count),
                         Matrix<double>::Zero(inverter.given(), count),
                         Matrix<double>::Zero(inversion_figures, count)};
    agree(world, [&] {
        for (Index block = own.begin; block < own.end; ++block) {
            const Range columns = blocks.columns(block);
            inverter.invert(first + columns.begin, columns, share);
        }
    });
    for (Matrix<double>* matrix : {&share.x, &share.y, &share.figures}) {
        world.sum(std::span(matrix->data(), static_cast<std::size_t>(matrix->size())));
    }
    return share;
}

nlohmann::ordered_json settings_json(const CommandLine& line, const InvertedModel& model,
                                     const InversionSettings& settings) {
    nlohmann::ordered_json json;
    json["model"] = line.get<std::vector<std::string>>("argument").front();
    json["network"] = model.header.network.layers_text();
    json["layer"] = settings.layer;
    if (!settings.given.empty()) {
        json["given"] = settings.given;
    }
    json["prior"] = line.get<std::string>("prior");
    if (settings.prior == PriorKind::tv) {
        json["variation"] = line.get<std::string>("variation");
    }
    if (settings.prior == PriorKind::box) {
        json["lower"] = settings.lower;
        json["upper"] = settings.upper;
    }
    json["noise"] = settings.noise;
    json["seed"] = settings.seed;
    json["lambda"] = settings.lambda;
    json["samples"] = model.samples;
    return json;
}

void print_inversion(const nlohmann::ordered_json& summary, const InversionSettings& settings,
                     const std::string& out) {
    const auto mean = [&](const char* name) { return summary[name]["mean"].get<double>(); };
    std::printf(
        "inputs     %td, found for %s\n", summary["samples"].get<Index>(),
        settings.layer == 0
            ? "the outputs of the network"
            : ("the activations of hidden layer " + std::to_string(settings.layer)).c_str());
    if (settings.alpha) {
        std::printf("alpha      %.6g\n", *settings.alpha);
    } else {
        std::printf(
            "alpha      %.4g (%.3g to %.3g), each for a residual of %.4g %% of what was given\n",
            mean("alpha"), summary["alpha"]["least"].get<double>(),
            summary["alpha"]["largest"].get<double>(),
            100.0 * residual_over_noise * std::max(settings.noise, least_noise));
    }
    std::printf("residual   %.4g, %.4g %% of what was given\n", mean("residual"),
                100.0 * mean("relative_residual"));
    std::printf("energy     %.6g\n", mean("energy"));
    const nlohmann::ordered_json& endings = summary["endings"];
    std::printf("sweeps     %.1f; %td settled", mean("sweeps"), endings["settled"].get<Index>());
    if (const auto left = endings["sweeps"].get<Index>(); left > 0) {
        std::printf(", %td ended by --sweeps", left);
    }
    if (const auto left = endings["unreached"].get<Index>(); left > 0) {
        std::printf(", %td did not reach the residual", left);
    }
    std::printf("\n");
    if (!settings.given.empty()) {
        std::printf("means over inputs\nwritten    %s\n", out.c_str());
        return;
    }
    const auto quality = [&](const char* who, const std::string& prefix) {
        std::printf("%-10s error %.4g of the true input", who, mean((prefix + "error").c_str()));
        if (summary.contains(prefix + "psnr")) {
            std::printf(", PSNR %.2f dB, SSIM %.4f", mean((prefix + "psnr").c_str()),
                        mean((prefix + "ssim").c_str()));
        }
        std::printf("\n");
    };
    quality("found", "");
    if (settings.compares) {
        quality("descent", "descent_");
    }
    std::printf("means over inputs\nwritten    %s\n", out.c_str());
}

void invert(const Communicator& world, const CommandLine& line, const std::filesystem::path& path,
            const std::string& out) {
    InversionSettings settings;
    agree(world, [&] { settings = read_inversion(line); });
    const InvertedModel model = open_inverted(world, path, settings, line.keys());
    print_remarks(world, *model.data);
    std::unique_ptr<Inverter> inverter;
    std::unique_ptr<InversionWriter> writer;
    agree(world, [&] {
        inverter = std::make_unique<Inverter>(model, settings);
        if (world.rank() == 0) {
            const bool writable = model.picture.channels == 1 || model.picture.channels == 3;
            writer = std::make_unique<InversionWriter>(out, writable ? model.picture : Shape(),
                                                       inverter->inputs(), inverter->given(),
                                                       model.samples, inverter->figures());
        }
    });
    for (Index first = 0; first < model.samples; first += written_at_once) {
        const Index count = std::min(written_at_once, model.samples - first);
        const InversionShare share = invert_samples(world, model, *inverter, first, count);
        agree(world, [&] {
            if (writer) {
                std::vector<std::string> names;
                for (Index i = first; i < first + count; ++i) {
                    names.push_back(model.data->name(i));
                }
                writer->add(names, share.figures, share.x, share.y);
            }
        });
    }
    agree(world, [&] {
        if (writer) {
            print_inversion(writer->finish(settings_json(line, model, settings)), settings, out);
        }
    });
}

}  // namespace

CommandSyntax invert_syntax() {
    po::options_description options(
        "Takes the outputs of the first samples of the data, or the activations of a hidden layer, "
        "adds noise, and finds "
        "inputs x that give them: sum over layers of lambda gap(x_l, u_l), with what is given "
        "held, plus alpha R(x). "
        "Samples are split over the ranks; each rank holds the whole network.\n\nOptions",
        110);
    options.add_options()  //
        ("out", po::value<std::string>(),
         "folder to write: inputs.h5, pictures/, inversion.csv, summary.json")  //
        ("layer", po::value<Index>()->default_value(0),
         "what is given: the activations of this hidden layer, or (0) the outputs before "
         "softmax")  //
        ("given", po::value<std::string>(),
         "file of it, in the place of what the network makes of samples: .csv, .h5 (of predict, or "
         "/given of another "
         "inversion) or .npy; of outputs the scores, as predict writes them")  //
        ("picture", po::value<std::string>(),
         "ROWSxCOLUMNS[xCHANNELS] of the inputs, where neither the model nor the data know that "
         "they are pictures")                                                            //
        ("samples", po::value<Index>()->default_value(64), "the first so many; 0: all")  //
        ("prior", po::value<std::string>()->default_value("tikhonov"),
         "R: tikhonov, 1/2 |x|^2; tv, the total variation of the picture; box, 1/2 |x|^2 where "
         "every input is from "
         "--lower to --upper")  //
        ("variation", po::value<std::string>()->default_value("isotropic"),
         "of tv: isotropic or anisotropic")                                                    //
        ("lower", po::value<double>()->default_value(0.0), "of box, in the unit of the data")  //
        ("upper", po::value<double>()->default_value(1.0), "")                                 //
        ("alpha", po::value<double>(),
         "the weight of R; where it is not given the largest for which the residual is 1.1 times "
         "the noise (the "
         "discrepancy principle), for each sample")  //
        ("noise", po::value<double>()->default_value(0.0),
         "length of the Gaussian noise that is added, over that of what is given; below 0.001 the "
         "residual is chosen as "
         "for that")                                                            //
        ("seed", po::value<std::uint64_t>()->default_value(1), "of the noise")  //
        ("lambda", po::value<double>()->default_value(0.03, "0.03"),
         "the weight of the gap of each hidden layer below what is given, whose own is 1")  //
        ("sweeps", po::value<int>()->default_value(500),
         "over all blocks, at most, for one alpha")  //
        ("tolerance", po::value<double>()->default_value(1e-5, "1e-05"),
         "the relative change of the energy in a sweep that ends them")  //
        ("compare",
         "show what gradient descent through the network finds, stopped by the same residual")  //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    return {options, {"MODEL"}, CommandSyntax::Keys::data};
}

ExitStatus run_invert(const Communicator& world, const CommandLine& line) {
    std::string out;
    agree(world, [&] {
        out = line.has("out") ? line.get<std::string>("out") : "";
        if (out.empty()) {
            throw UsageError("invert needs --out DIR", "",
                             "it is made, and holds all that is found");
        }
    });
    const std::filesystem::path path =
        find_model(world, line.get<std::vector<std::string>>("argument").front());
    use_threads(world, line.get<int>("threads"));
    invert(world, line, path, out);
    return ExitStatus::done;
}

}  // namespace hoist
