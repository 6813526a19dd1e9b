#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/io/whole_file.hpp"
#include "hoist/train/evaluation.hpp"
#include "model_argument.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

/// Where predictions go, piece by piece; the file appears when it is complete.
class PredictionWriter {
  public:
    virtual ~PredictionWriter() = default;
    /// outputs x samples, below the energies where there are no targets.
    virtual void add(const Matrix<double>& scores) = 0;
    virtual void finish() = 0;
};

Index best(const Matrix<double>& scores, Index sample) {
    Index label = 0;
    scores.col(sample).maxCoeff(&label);
    return label;
}

class CsvPredictions final : public PredictionWriter {
  public:
    CsvPredictions(std::filesystem::path path, const ModelHeader& header)
        : path_(std::move(path)),
          temporary_(temporary_name(path_)),
          header_(header),
          file_(temporary_) {
        file_.precision(9);
        const bool labels = figure_of(header_.network) == Figure::accuracy;
        std::vector<std::string> names;
        if (labels) {
            names.emplace_back("label");
        } else if (header_.network.unsupervised()) {
            names.emplace_back("energy");
        }
        for (Index k = 0; k < header_.network.outputs(); ++k) {
            names.push_back((labels ? "score_" : "value_") + std::to_string(k));
        }
        file_ << join(names, ",") << '\n';
        check();
    }
    ~CsvPredictions() override {
        std::error_code ignored;
        std::filesystem::remove(temporary_, ignored);
    }

    void add(const Matrix<double>& scores) override {
        for (Index i = 0; i < scores.cols(); ++i) {
            const bool labels = figure_of(header_.network) == Figure::accuracy;
            if (labels) {
                file_ << name_of(best(scores, i));
            }
            for (Index k = 0; k < scores.rows(); ++k) {
                file_ << (k == 0 && !labels ? "" : ",") << scores(k, i);
            }
            file_ << '\n';
        }
        check();
    }

    void finish() override {
        file_.close();
        check();
        std::error_code error;
        std::filesystem::rename(temporary_, path_, error);
        if (error) {
            refuse(error.message());
        }
    }

  private:
    std::string name_of(Index label) const {
        if (header_.class_names.empty()) {
            return std::to_string(label);
        }
        const std::string& name = header_.class_names[static_cast<std::size_t>(label)];
        if (name.find_first_of(",\"\r\n") == std::string::npos) {
            return name;
        }
        std::string quoted = "\"";
        for (const char c : name) {
            quoted += c == '"' ? "\"\"" : std::string(1, c);
        }
        return quoted + "\"";
    }
    void check() {
        if (!file_.flush()) {
            refuse(std::strerror(errno));
        }
    }
    [[noreturn]] void refuse(const std::string& why) const {
        throw OutputError("cannot write " + path_.string(), why,
                          "free space, check permissions, or choose another --out");
    }

    std::filesystem::path path_;
    std::filesystem::path temporary_;
    const ModelHeader& header_;
    std::ofstream file_;
};

class Hdf5Predictions final : public PredictionWriter {
  public:
    Hdf5Predictions(const std::filesystem::path& path, const ModelHeader& header, Index samples)
        : header_(header),
          file_(path, samples * header.network.outputs() * static_cast<Index>(sizeof(double))),
          score_name_(figure_of(header.network) == Figure::accuracy ? "/score" : "/value") {
        file_.create<double>(score_name_, samples, header.network.outputs(), 0);
    }

    void add(const Matrix<double>& all) override {
        Matrix<double> scores = all;
        if (header_.network.unsupervised()) {
            energies_.insert(energies_.end(), all.row(0).begin(), all.row(0).end());
            scores = all.bottomRows(all.rows() - 1);
        }
        file_.write_rows<double>(score_name_, static_cast<Index>(labels_.size()), scores.rows(),
                                 {scores.data(), static_cast<std::size_t>(scores.size())});
        for (Index i = 0; i < scores.cols(); ++i) {
            labels_.push_back(best(scores, i));
        }
    }

    void finish() override {
        if (header_.network.unsupervised()) {
            file_.write<double>("/energy", energies_);
        } else if (figure_of(header_.network) == Figure::accuracy) {
            write_labels();
        }
        file_.commit();
    }

  private:
    void write_labels() {
        if (header_.class_names.empty()) {
            file_.write<Index>("/label", labels_);
            return;
        }
        std::vector<std::string> names;
        for (const Index label : labels_) {
            names.push_back(header_.class_names[static_cast<std::size_t>(label)]);
        }
        file_.write("/label", names);
    }

    const ModelHeader& header_;
    Hdf5Writer file_;
    std::string score_name_;
    std::vector<Index> labels_;
    std::vector<double> energies_;
};

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

std::unique_ptr<PredictionWriter> make_writer(const std::string& out, const ModelHeader& header,
                                              Index samples) {
    if (out.ends_with(".csv")) {
        return std::make_unique<CsvPredictions>(out, header);
    }
    return std::make_unique<Hdf5Predictions>(out, header, samples);
}

template <typename Scalar>
void predict(const Communicator& world, const CommandLine& line, const std::filesystem::path& path,
             const std::string& out) {
    LoadedModel<Scalar> model = load_model<Scalar>(world, path);
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
    agree(world,
          [&] { writer = writes ? make_writer(out, model.header, data->samples()) : nullptr; });
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

ExitStatus run_predict(const Communicator& world, const Command& command,
                       const std::vector<std::string>& arguments) {
    po::options_description options("Options", 110);
    options.add_options()                                                 //
        ("out", po::value<std::string>(), "file to write, .csv or .h5")   //
        ("rule", po::value<std::string>()->default_value("feedforward"),  //
         "prediction: feedforward, or lifted (activations and output minimize the energy "
         "together)")  //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    CommandLine line(command, options, {"MODEL"}, CommandLine::Keys::data);
    agree(world, [&] { line.parse(arguments); });
    if (line.help_wanted()) {
        return show_help(world, line);
    }
    std::string out;
    agree(world, [&] {
        require_rule(line.get<std::string>("rule"));
        out = line.has("out") ? line.get<std::string>("out") : "";
        if (!out.ends_with(".csv") && !out.ends_with(".h5")) {
            throw UsageError("predict needs --out FILE.csv or --out FILE.h5",
                             out.empty() ? "" : "given " + out, "the ending chooses the format");
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
