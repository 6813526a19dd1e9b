#include "report_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base64.hpp"
#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"
#include "model_argument.hpp"
#include "model_figures.hpp"
#include "report_certificate.hpp"
#include "report_restored.hpp"

namespace hoist {

namespace {

using Json = nlohmann::ordered_json;

// What keeps the page small, of each run.
constexpr Index most_classes = 60;
constexpr Index most_units = 48;
constexpr Index most_confused = 24;
constexpr Index most_predictions = 600;
constexpr Index most_pixels = 128 * 128;
constexpr Index most_bytes = 200'000;

Json layers_of(const NetworkSpec& network) {
    Json layers = Json::array();
    for (Index l = 0; l < network.layers(); ++l) {
        layers.push_back({{"inputs", network.map(l).inputs()},
                          {"outputs", network.map(l).outputs()},
                          {"units", network.block(l + 1).size()},
                          {"activation", network.name_above(l + 1)}});
    }
    return layers;
}

Json sizes_of(const Shape& picture) { return {picture.rows, picture.columns, picture.channels}; }

// Of the inputs, where they can be shown: gray or of three colors, channels innermost. Else empty.
Shape shown_picture(const NetworkSpec& network, const Dataset& data) {
    const Shape none{0, 0, 0};
    const std::vector<Index> stored = stored_shape(data);
    if (network.block(0).places() == 1 && stored.size() < 2) {
        return none;
    }
    const auto layout = image_layout(network.block(0), stored);
    const bool shown =
        layout && layout->shape.size() == network.inputs() &&
        layout->shape.places() <= most_pixels &&
        (layout->shape.channels == 1 || (layout->shape.channels == 3 && !layout->planes));
    return shown ? layout->shape : none;
}

// W_0, of the units with the largest norms, against the size that all but one weight in 20 stay
// below: weights of pixels that hardly ever differ from zero may be larger by far.
// @param image the rows, columns and channels that a unit looks at.
Json first_weights(const std::filesystem::path& path, const NetworkSpec& network,
                   const Json& image) {
    const Matrix<double> weights = read_weights<double>(path, network, {0, 1}).front().matrix;
    const Vector<double> norms = weights.rowwise().norm();
    std::vector<Index> units(static_cast<std::size_t>(weights.rows()));
    std::iota(units.begin(), units.end(), Index{0});
    std::ranges::stable_sort(units, std::ranges::greater(),
                             [&](Index unit) { return norms(unit); });
    units.resize(std::min(
        units.size(), static_cast<std::size_t>(std::min(most_units, most_bytes / weights.cols()))));

    std::vector<double> sizes;
    for (const Index unit : units) {
        for (Index i = 0; i < weights.cols(); ++i) {
            sizes.push_back(std::abs(weights(unit, i)));
        }
    }
    const auto edge =
        sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() - 1 - sizes.size() / 20);
    std::ranges::nth_element(sizes, edge);
    const double scale = *edge > 0.0 ? *edge : 1.0;
    std::vector<char> bytes;
    for (const Index unit : units) {
        for (Index i = 0; i < weights.cols(); ++i) {
            const double share = std::clamp(weights(unit, i) / scale, -1.0, 1.0);
            bytes.push_back(static_cast<char>(std::lround(127.0 * share)));
        }
    }
    return {{"of", weights.rows()},
            {"units", units},
            {"scale", scale},
            {"image", image},
            {"bytes", base64(bytes)}};
}

/// A sample that is classified wrongly.
struct Confusion {
    Index sample = 0;
    Index label = 0;
    Index predicted = 0;
    double score = 0.0;
    double score_of_label = 0.0;

    double margin() const { return score - score_of_label; }
};

/// Looks through the scores of all samples for those that a reader wants to see.
class Findings {
  public:
    Findings(Figure judged, Index samples)
        : judged_(judged), step_((samples + most_predictions - 1) / most_predictions) {}

    void add(Dataset& data, const std::vector<Index>& chosen, const Matrix<double>& scores) {
        judged_ == Figure::rmse ? add_values(data, chosen, scores)
                                : add_labels(data, chosen, scores);
    }

    /// @param numbers of an image that is shown; 0 where the inputs are none.
    Json json(Dataset& data, Index numbers) {
        return judged_ == Figure::rmse ? Json{{"predictions", predictions_}}
                                       : Json{{"confused", confused_json(data, numbers)}};
    }

  private:
    void add_values(Dataset& data, const std::vector<Index>& chosen, const Matrix<double>& scores) {
        std::vector<double> values(chosen.size());
        data.read_values(chosen, values);
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            if (chosen[i] % step_ == 0) {
                predictions_.push_back({values[i], scores(0, static_cast<Index>(i))});
            }
        }
    }

    void add_labels(Dataset& data, const std::vector<Index>& chosen, const Matrix<double>& scores) {
        std::vector<Index> labels(chosen.size());
        data.read_labels(chosen, labels);
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            const auto column = scores.col(static_cast<Index>(i));
            Index predicted = 0;
            const double score = column.maxCoeff(&predicted);
            if (predicted != labels[i]) {
                confused_.push_back({chosen[i], labels[i], predicted, score, column(labels[i])});
            }
        }
        std::ranges::stable_sort(confused_, std::ranges::greater(), &Confusion::margin);
        confused_.resize(std::min(confused_.size(), static_cast<std::size_t>(most_confused)));
    }

    Json confused_json(Dataset& data, Index numbers) const {
        std::vector<Confusion> ascending = confused_;
        std::ranges::sort(ascending, {}, &Confusion::sample);
        Json rows = Json::array();
        std::vector<double> input(static_cast<std::size_t>(data.features()));
        std::map<Index, std::string> images;
        for (const Confusion& one : ascending) {
            if (numbers > 0) {
                data.read_inputs(std::span(&one.sample, 1), input);
                images[one.sample] = image(input);
            }
        }
        for (const Confusion& one : confused_) {
            Json row{{"sample", one.sample},
                     {"label", one.label},
                     {"predicted", one.predicted},
                     {"score", one.score},
                     {"score_of_label", one.score_of_label}};
            if (numbers > 0) {
                row["bytes"] = images[one.sample];
            }
            rows.push_back(row);
        }
        return rows;
    }

    // Gray levels from 0 to 1, or from the least to the largest value where these lie outside.
    static std::string image(const std::vector<double>& input) {
        const auto [least, largest] = std::ranges::minmax(input);
        const double low = std::min(0.0, least);
        const double range = std::max(1.0, largest) - low;
        std::vector<char> bytes;
        for (const double value : input) {
            bytes.push_back(static_cast<char>(std::lround(255.0 * (value - low) / range)));
        }
        return base64(bytes);
    }

    Figure judged_;
    Index step_;
    std::vector<Confusion> confused_;
    std::vector<std::pair<double, double>> predictions_;
};

template <typename Scalar>
Json use_model(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
               Index numbers) {
    const Figure judged = figure_of(model.header.network);
    Json figures = to_json(measure(model, world, data, Rule::feedforward), judged);
    if (model.header.network.outputs() > most_classes) {
        figures.erase("confusion");
    }
    if (judged == Figure::psnr) {
        return {{"figures", figures}, {"restored", restored_json(model, world, data)}};
    }
    Findings findings(judged, data.samples());
    const std::vector<Index> all = all_samples(data.samples());
    for (Index first = 0; judged != Figure::energy && first < data.samples();
         first += samples_at_once) {
        const Index count = std::min(samples_at_once, data.samples() - first);
        const std::vector<Index> chosen(all.begin() + first, all.begin() + first + count);
        const Samples<Scalar> samples = load_for_model(model, world, data, chosen);
        const Matrix<double> scores = network_scores(model.network(world), samples);
        agree(world, [&] { findings.add(data, chosen, scores); });
    }
    Json json;
    json["figures"] = figures;
    if (model.config.formulation.is_lrrn() && judged == Figure::accuracy) {
        json["certificate"] = certificate_json(model, world, data);
    }
    agree(world, [&] {
        if (world.rank() == 0 && judged != Figure::energy) {
            json.update(findings.json(data, numbers));
        }
    });
    return json;
}

// Opens the data on every rank, or on none: then the reason.
std::string open(const Communicator& world, const ModelHeader& header, const Config& config,
                 const ConfigText& given, std::unique_ptr<Dataset>& data) {
    std::string missing;
    agree(world, [&] {
        try {
            data = open_for_model(header, config, given);
        } catch (const MissingError& error) {
            missing = error.what();
        }
    });
    if (world.max(missing.empty() ? 0.0 : 1.0) > 0.0) {
        data.reset();
        return missing.empty() ? "another rank cannot open the data" : missing;
    }
    return "";
}

template <typename Scalar>
Json describe(const Communicator& world, const std::filesystem::path& path,
              const ConfigText& given) {
    LoadedModel<Scalar> model = load_model<Scalar>(world, path);
    const NetworkSpec& network = model.header.network;
    Json json;
    json["file"] = path.filename().string();
    json["created"] = model.header.created;
    json["version"] = model.header.version;
    json["checkpoint"] = model.header.checkpoint;
    json["after"] = model.header.progress.sweep;
    json["batches"] = model.header.progress.batch;
    json["layers"] = layers_of(network);
    json["class_names"] = model.header.class_names;
    json["figures"] = nullptr;

    std::unique_ptr<Dataset> data;
    json["missing"] = open(world, model.header, model.config, given, data);
    if (!data) {
        return json;
    }
    const Shape picture = shown_picture(network, *data);
    const Index numbers = picture.size();
    json["image"] = sizes_of(picture);
    const Windows& windows = network.map(0).windows;
    const bool whole = windows.from.places() == 1;
    const Json looked_at =
        whole ? sizes_of(picture) : Json{windows.rows, windows.columns, windows.from.channels};
    agree(world, [&] {
        if (world.rank() == 0 && numbers > 0) {
            json["weights"] = first_weights(path, network, looked_at);
        }
    });
    if (!data->labeled() && !network.pictures()) {
        json["missing"] = "the data have no targets to evaluate against";
        return json;
    }
    json.update(use_model(model, world, *data, numbers));
    return json;
}

}  // namespace

Json describe_model(const Communicator& world, const std::filesystem::path& path,
                    const ConfigText& given) {
    return model_precision(world, path) == Precision::single ? describe<float>(world, path, given)
                                                             : describe<double>(world, path, given);
}

}  // namespace hoist
