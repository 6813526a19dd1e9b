#pragma once

#include "hoist/problem/samples.hpp"

namespace hoist {

/// (x - mean) scale + shift for each unit, in which one number stands for all: what stands between
/// an activation, or the inputs, and the next map.
class UnitwiseAffine {
  public:
    void multiply(const Vector<double>& factors);
    void add(const Vector<double>& terms);

    bool is_identity() const;

    /// The same as (x - mean) scale, for `width` units; nothing where a unit is multiplied by zero.
    std::optional<Standardization> as_standardization(Index width) const;

    /// Makes it part of the map above it. @pre each vector has one number or as many as the map has
    /// inputs.
    void fold_into(Weights<double>& map) const;

  private:
    Vector<double> mean_ = Vector<double>::Zero(1);
    Vector<double> scale_ = Vector<double>::Ones(1);
    Vector<double> shift_ = Vector<double>::Zero(1);
};

/// A number for each of `width` units; one number stands for all.
Vector<double> for_each(const Vector<double>& values, Index width);

}  // namespace hoist
