#include "array_part.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

/// Rows and columns of gray images: those of the sample, a single channel before or after them left
/// out. {0, 0} for what is no gray image.
std::pair<Index, Index> gray_image(const std::vector<Index>& shape) {
    if (shape.size() == 3) {
        return {shape[1], shape[2]};
    }
    if (shape.size() == 4 && shape[3] == 1) {
        return {shape[1], shape[2]};
    }
    if (shape.size() == 4 && shape[1] == 1) {
        return {shape[2], shape[3]};
    }
    return {0, 0};
}

}  // namespace

void require_inputs(const RowArray& array) {
    if (array.kind() == ElementKind::text || array.kind() == ElementKind::other) {
        throw DataError(array.shown() + " cannot be the inputs", "it is " + array.form(),
                        "store numbers");
    }
    if (array.shape().empty()) {
        throw DataError(array.shown() + " cannot be the inputs", "it is a single number",
                        "store samples x features");
    }
    if (array.rows() == 0 || array.row_size() == 0) {
        throw DataError(array.shown() + " has no samples", "it is " + array.form(),
                        "name data with samples");
    }
}

void require_numbers(const RowArray& array, std::span<const double> numbers, Index first,
                     Index each, double largest) {
    const auto bad =
        std::ranges::find_if(numbers, [&](double v) { return !(std::abs(v) <= largest); });
    if (bad == numbers.end()) {
        return;
    }
    const std::string sample = "sample " + std::to_string(first + (bad - numbers.begin()) / each);
    if (!std::isfinite(*bad)) {
        throw DataError(array.shown() + " holds values that are not finite", "in " + sample,
                        "correct the data");
    }
    throw DataError(
        array.shown() + " holds values that are too large",
        sample + " has " + to_text(*bad) + ", which does not fit train.precision = float",
        "correct the data, or set train.precision = double");
}

ArrayPart::ArrayPart(std::unique_ptr<RowArray> inputs, std::pair<Index, Index> declared_image,
                     Targets targets, double largest)
    : Part(inputs->shown(), std::move(targets)),
      inputs_(std::move(inputs)),
      image_(gray_image(inputs_->shape())),
      largest_(largest) {
    require_inputs(*inputs_);
    const auto [rows, columns] = declared_image;
    if (image_.first == 0 && rows > 0 && columns > 0 && features() / rows == columns &&
        features() % rows == 0) {
        image_ = declared_image;
    }
    if (bytes()) {
        remark_on_bytes();
    }
}

std::string ArrayPart::storage() const {
    return inputs_->shown() + ", " + inputs_->form() + (bytes() ? ", read as value / 255" : "");
}

std::vector<Index> ArrayPart::sample_shape() const {
    std::vector<Index> shape(inputs_->shape().begin() + 1, inputs_->shape().end());
    std::erase(shape, 1);
    return shape;
}

void ArrayPart::name_columns(const std::vector<std::string>& names) {
    require(std::ssize(names) == features(), "there is a name for each input");
    constexpr Index numbers_at_once = Index{1} << 20;
    const Index at_once = std::max<Index>(1, numbers_at_once / features());
    std::vector<double> sums(names.size());
    std::vector<double> values;
    for (Index first = 0; first < samples(); first += at_once) {
        values.resize(static_cast<std::size_t>(std::min(at_once, samples() - first) * features()));
        read_run(first, values);
        for (std::size_t i = 0; i < values.size(); ++i) {
            sums[i % sums.size()] += values[i];
        }
    }
    table_ = {};
    for (std::size_t i = 0; i < names.size(); ++i) {
        table_.columns.push_back({names[i], {}});
        table_.means.push_back(sums[i] / static_cast<double>(samples()));
    }
}

// Truth values are often stored as bytes, and then 1 / 255 is not what is meant.
void ArrayPart::remark_on_bytes() {
    constexpr Index most_samples = 100;
    constexpr Index most_numbers = Index{1} << 20;
    std::vector<double> values(static_cast<std::size_t>(
        std::min({most_samples, samples(), most_numbers / features()}) * features()));
    read_run(0, values);
    const double most = values.empty() ? 0.0 : std::ranges::max(values);
    if (most > 0.0 && most <= 1.0 / 255.0) {
        add_remark(inputs_->shown() +
                   " holds bytes, which are read as value / 255, and the first samples have none "
                   "but 0 and 1: store them as bool or float to have them read as they are");
    }
}

void ArrayPart::read_run(Index first, std::span<double> columns) {
    inputs_->read_rows(first, columns);
    if (bytes()) {
        for (double& value : columns) {
            value /= 255.0;
        }
        return;
    }
    require_numbers(*inputs_, columns, first, features(), largest_);
}

}  // namespace hoist
