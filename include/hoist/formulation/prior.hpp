#pragma once

#include <memory>
#include <string>

#include "hoist/base/types.hpp"
#include "hoist/math/total_variation.hpp"

namespace hoist {

/// What is known of inputs before anything is measured: a convex function R of an input, which
/// inversion weighs with alpha. Columns are inputs, in double.
class Prior {
  public:
    virtual ~Prior() = default;

    /// R of each column; infinite where no input may be.
    virtual Vector<double> value(const ConstMatrixRef<double>& x) const = 0;
    /// x = the minimizer of weight_j R(x) + 1/2 |x - v|^2 in each column j. The columns stand for
    /// the same inputs in every call: what helped for one is where the next begins.
    /// @param columns that v and x are, of those that weight counts.
    virtual void prox(Range columns, const Vector<double>& weight, const ConstMatrixRef<double>& v,
                      MatrixRef<double> x) = 0;
};

/// R(x) = 1/2 |x|^2 (Tikhonov 1963); the total variation; or 1/2 |x|^2 of inputs in a box, and infinite
/// beside it.
enum class PriorKind { tikhonov, tv, box };

struct PriorOptions {
    PriorKind kind = PriorKind::tikhonov;
    /// Of total variation.
    Variation variation = Variation::isotropic;
    Shape picture = {};
    /// Of the box: a number for each input. @pre lower <= upper.
    Vector<double> lower = {};
    Vector<double> upper = {};
};

/// @throws UsageError for another name than tikhonov, tv and box.
PriorKind parse_prior(const std::string& name);
/// @throws UsageError for another name than isotropic and anisotropic.
Variation parse_variation(const std::string& name);

/// A prior of so many inputs at a time. @pre a picture has several places.
std::unique_ptr<Prior> make_prior(const PriorOptions& options, Index inputs);

}  // namespace hoist
