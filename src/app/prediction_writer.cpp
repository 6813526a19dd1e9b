#include "prediction_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/output_path.hpp"
#include "hoist/io/whole_file.hpp"
#include "hoist/train/evaluation.hpp"

namespace hoist {

namespace {

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
        std::ranges::copy(prediction_names(header_.network), std::back_inserter(names));
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
        return csv_field(header_.class_names[static_cast<std::size_t>(label)]);
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

}  // namespace

std::vector<std::string> prediction_names(const NetworkSpec& network) {
    const std::string each = figure_of(network) == Figure::accuracy ? "score_" : "value_";
    std::vector<std::string> names;
    for (Index k = 0; k < network.outputs(); ++k) {
        names.push_back(each + std::to_string(k));
    }
    return names;
}

std::unique_ptr<PredictionWriter> make_prediction_writer(const std::string& out,
                                                         const ModelHeader& header, Index samples) {
    refuse_to_replace_device(out);
    if (out.ends_with(".csv")) {
        return std::make_unique<CsvPredictions>(out, header);
    }
    return std::make_unique<Hdf5Predictions>(out, header, samples);
}

}  // namespace hoist
