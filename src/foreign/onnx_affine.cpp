#include "onnx_affine.hpp"

#include <algorithm>

namespace hoist {

namespace {

Vector<double> product(const Vector<double>& one, const Vector<double>& other) {
    const Index width = std::max(one.size(), other.size());
    return for_each(one, width).cwiseProduct(for_each(other, width));
}

Vector<double> sum(const Vector<double>& one, const Vector<double>& other) {
    const Index width = std::max(one.size(), other.size());
    return for_each(one, width) + for_each(other, width);
}

}  // namespace

Vector<double> for_each(const Vector<double>& values, Index width) {
    return values.size() == 1 ? Vector<double>::Constant(width, values[0]) : values;
}

void UnitwiseAffine::multiply(const Vector<double>& factors) {
    scale_ = product(scale_, factors);
    shift_ = product(shift_, factors);
}

void UnitwiseAffine::add(const Vector<double>& terms) {
    // What comes before a scale is kept as it is, so that a standardization returns to the last
    // digit.
    if ((scale_.array() == 1.0).all() && (shift_.array() == 0.0).all()) {
        mean_ = sum(mean_, -terms);
    } else {
        shift_ = sum(shift_, terms);
    }
}

bool UnitwiseAffine::is_identity() const {
    return (mean_.array() == 0.0).all() && (scale_.array() == 1.0).all() &&
           (shift_.array() == 0.0).all();
}

std::optional<Standardization> UnitwiseAffine::as_standardization(Index width) const {
    const Vector<double> scale = for_each(scale_, width);
    const Vector<double> mean =
        for_each(mean_, width) - for_each(shift_, width).cwiseQuotient(scale);
    if ((scale.array() == 0.0).any() || !mean.allFinite()) {
        return std::nullopt;
    }
    return Standardization{mean, scale};
}

void UnitwiseAffine::fold_into(Weights<double>& map) const {
    const Index width = map.matrix.cols();
    const Vector<double> scale = for_each(scale_, width);
    map.bias += map.matrix * (for_each(shift_, width) - for_each(mean_, width).cwiseProduct(scale));
    map.matrix = map.matrix * scale.asDiagonal();
}

}  // namespace hoist
