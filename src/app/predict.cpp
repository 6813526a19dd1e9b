#include <cstdio>
#include <set>

#include "commands.hpp"
#include "hoist/comm/agree.hpp"
#include "prediction_writer.hpp"
#include "restore.hpp"
#include "written_pictures.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

// The energy of each sample, and its topmost block.
template <typename Scalar>
Matrix<double> energies_and_codes(LoadedModel<Scalar>& model, const Communicator& world,
                                  const Samples<Scalar>& samples) {
    const auto inference = model.inference(world);
    const Answers answers = answers_of(*inference, model.header.network, world, samples);
    Matrix<double> all(answers.outputs.rows() + 1, answers.outputs.cols());
    all << answers.energies.colwise().sum(), answers.outputs;
    return all;
}

bool is_file_of_predictions(const std::string& out) {
    return out.ends_with(".csv") || out.ends_with(".h5");
}

// Restored pictures are no copies of what lies there, and none may take the place of another.
void require_room(const Dataset& data, const std::filesystem::path& out) {
    require_empty_folder(out, "pictures");
    std::set<std::string> names;
    for (Index sample = 0; sample < data.samples(); ++sample) {
        if (!names.insert(data.name(sample)).second) {
            throw OutputError("cannot write the pictures to " + out.string(),
                              "two are called " + data.name(sample) + ".png", "rename one of them");
        }
    }
}

// Each picture as a PNG file of its name.
template <typename Scalar>
void predict_pictures(LoadedModel<Scalar>& model, const Communicator& world,
                      const CommandLine& line, const std::filesystem::path& out) {
    std::unique_ptr<Dataset> data;
    agree(world, [&] {
        data = open_for_model(model.header, model.config, line.keys());
        choose_degradation(line.keys(), true, model.config);
    });
    print_remarks(world, *data);
    agree(world, [&] {
        if (world.rank() == 0) {
            require_room(*data, out);
        }
    });
    restore<Scalar>(model, world, *data, all_samples(data->samples()), [&](const Restored& one) {
        write_png(out / (data->name(one.sample) + ".png"), one.picture.shape, one.made);
    });
    if (world.rank() == 0) {
        std::printf("%td pictures written to %s\n", data->samples(), out.c_str());
    }
}

template <typename Scalar>
void predict(const Communicator& world, const CommandLine& line, const std::filesystem::path& path,
             const std::string& out) {
    LoadedModel<Scalar> model = load_model<Scalar>(world, path);
    const bool pictures = model.header.network.pictures();
    agree(world, [&] {
        if (pictures == is_file_of_predictions(out)) {
            throw UsageError(pictures ? "predict needs --out FOLDER for this model"
                                      : "predict needs --out FILE.csv or --out FILE.h5",
                             "given " + out,
                             pictures ? "it makes pictures, which are written to it as PNG files"
                                      : "the ending chooses the format");
        }
        const Index channels = model.header.network.block(0).channels;
        if (pictures && channels != 1 && channels != 3) {
            throw UsageError("the pictures of this model cannot be written",
                             "they have " + std::to_string(channels) + " channels",
                             "a PNG file has one or three");
        }
    });
    if (pictures) {
        predict_pictures(model, world, line, out);
        return;
    }
    std::unique_ptr<Dataset> data;
    agree(world, [&] {
        data = open_for_model(model.header, model.config, line.keys());
        if (data->dropped() > 0) {  // a row for each sample, in their order
            throw DataError("no prediction for " + std::to_string(data->dropped()) + " samples",
                            "they lack a value, and data.missing = drop",
                            "correct them, or set data.missing = mean");
        }
    });
    print_remarks(world, *data);
    const bool writes = world.rank() == 0;
    std::unique_ptr<PredictionWriter> writer;
    agree(world, [&] {
        writer = writes ? make_prediction_writer(out, model.header, data->samples()) : nullptr;
    });
    const bool lifted = line.get<std::string>("rule") == "lifted";
    const std::vector<Index> all = all_samples(data->samples());
    for (Index first = 0; first < data->samples(); first += samples_at_once) {
        const Index count = std::min(samples_at_once, data->samples() - first);
        const std::vector<Index> chosen(all.begin() + first, all.begin() + first + count);
        const Samples<Scalar> samples = load_for_model(model, world, *data, chosen);
        const Matrix<double> scores = model.header.network.unsupervised()
                                          ? energies_and_codes(model, world, samples)
                                      : lifted ? lifted_scores(model.network(world), samples)
                                               : network_scores(model.network(world), samples);
        agree(world, [&] {
            if (writes) {
                writer->add(scores);
            }
        });
    }
    agree(world, [&] {
        if (writes) {
            writer->finish();
            std::printf("%td predictions written to %s\n", data->samples(), out.c_str());
        }
    });
}

}  // namespace

CommandSyntax predict_syntax() {
    po::options_description options("Options", 110);
    options.add_options()  //
        ("out", po::value<std::string>(),
         "file to write, .csv or .h5; of a network of pictures a folder")  //
        ("rule", po::value<std::string>()->default_value("feedforward"),   //
         "prediction: feedforward, or lifted (activations and output minimize the energy "
         "together)")  //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    return {options, {"MODEL"}, CommandSyntax::Keys::data};
}

ExitStatus run_predict(const Communicator& world, const CommandLine& line) {
    std::string out;
    agree(world, [&] {
        require_rule(line.get<std::string>("rule"));
        out = line.has("out") ? line.get<std::string>("out") : "";
        if (out.empty()) {
            throw UsageError("predict needs --out FILE.csv or --out FILE.h5", "",
                             "the ending chooses the format; pictures go to a folder");
        }
    });
    const std::filesystem::path path =
        find_model(world, line.get<std::vector<std::string>>("argument").front());
    use_threads(world, line.get<int>("threads"));
    model_precision(world, path) == Precision::single ? predict<float>(world, line, path, out)
                                                      : predict<double>(world, line, path, out);
    return ExitStatus::done;
}

}  // namespace hoist
