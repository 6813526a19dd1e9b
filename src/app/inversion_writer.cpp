#include "inversion_writer.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include "hoist/base/text.hpp"
#include "hoist/io/whole_file.hpp"
#include "hoist/train/inversion.hpp"
#include "written_pictures.hpp"

namespace hoist {

namespace {

constexpr std::array<const char*, inversion_figures> figure_names{
    "alpha", "residual", "relative_residual", "energy",       "sweeps",      "ending", "error",
    "psnr",  "ssim",     "descent_error",     "descent_psnr", "descent_ssim"};

const char* name_of(InversionFigure figure) {
    return figure_names[static_cast<std::size_t>(figure)];
}

nlohmann::ordered_json spread(const Vector<double>& values) {
    std::vector<double> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    nlohmann::ordered_json json;
    json["mean"] = values.mean();
    json["least"] = sorted.front();
    json["median"] = sorted[sorted.size() / 2];
    json["largest"] = sorted.back();
    return json;
}

}  // namespace

InversionWriter::InversionWriter(std::filesystem::path folder, const Shape& picture, Index inputs,
                                 Index given, Index samples, std::vector<InversionFigure> figures)
    : folder_(std::move(folder)),
      picture_(picture),
      inputs_(inputs),
      given_(given),
      figures_(std::move(figures)),
      values_(inversion_figures, samples) {
    require_empty_folder(folder_, "inputs");
    make_folder(folder_);
}

void InversionWriter::add(const std::vector<std::string>& names, const Matrix<double>& values,
                          const Matrix<double>& x, const Matrix<double>& y) {
    const Index samples = values_.cols();
    const auto first = static_cast<Index>(names_.size());
    if (!file_) {
        file_ = std::make_unique<Hdf5Writer>(
            folder_ / "inputs.h5",
            samples * (inputs_ + given_) * static_cast<Index>(sizeof(double)));
        file_->create<double>("/input", samples, inputs_, 0);
        file_->create<double>("/given", samples, given_, 0);
    }
    const auto numbers = [](const Matrix<double>& columns) {
        return std::span<const double>(columns.data(), static_cast<std::size_t>(columns.size()));
    };
    file_->write_rows<double>("/input", first, inputs_, numbers(x));
    file_->write_rows<double>("/given", first, given_, numbers(y));
    for (std::size_t i = 0; picture_.places() > 1 && i < names.size(); ++i) {
        write_png(folder_ / "pictures" / (names[i] + ".png"), picture_,
                  x.col(static_cast<Index>(i)));
    }
    values_.middleCols(first, values.cols()) = values;
    names_.insert(names_.end(), names.begin(), names.end());
}

std::string InversionWriter::table() const {
    std::ostringstream text;
    text.precision(9);
    text << "sample";
    for (const InversionFigure figure : figures_) {
        text << ',' << name_of(figure);
    }
    text << '\n';
    for (Index sample = 0; sample < values_.cols(); ++sample) {
        text << csv_field(names_[static_cast<std::size_t>(sample)]);
        for (const InversionFigure figure : figures_) {
            const double value = values_(static_cast<Index>(figure), sample);
            text << ',';
            if (figure == InversionFigure::ending) {
                text << to_text(static_cast<Ending>(value));
            } else {
                text << value;
            }
        }
        text << '\n';
    }
    return text.str();
}

nlohmann::ordered_json InversionWriter::finish(const nlohmann::ordered_json& settings) {
    nlohmann::ordered_json json = settings;
    for (const InversionFigure figure : figures_) {
        const Vector<double> values = values_.row(static_cast<Index>(figure)).transpose();
        if (figure != InversionFigure::ending) {
            json[name_of(figure)] = spread(values);
            continue;
        }
        for (const Ending ending : {Ending::settled, Ending::most_sweeps, Ending::unreached}) {
            json["endings"][to_text(ending)] =
                (values.array() == static_cast<double>(ending)).count();
        }
    }
    file_->commit();
    write_whole_file(folder_ / "inversion.csv", table());
    write_whole_file(folder_ / "summary.json", json.dump(2) + "\n");
    return json;
}

}  // namespace hoist
