#pragma once

#include "hoist/base/shape.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// What of the differences (a, b) of a place with the next below and the next beside it counts:
/// sqrt(a^2 + b^2), or |a| + |b|.
enum class Variation { isotropic, anisotropic };

/// The total variation of a picture (Rudin, Osher and Fatemi 1992): the sum of these over all places,
/// each channel by itself; beyond the border there is no difference. A picture is a vector of
/// shape.size() numbers, row by row and the channels of a place side by side.
class TotalVariation {
  public:
    TotalVariation(const Shape& picture, Variation kind) : picture_(picture), kind_(kind) {}

    const Shape& picture() const { return picture_; }

    double operator()(const ConstVectorRef<double>& x) const;

    /// The x that minimizes weight TV(x) + 1/2 |x - v|^2, by the accelerated projected gradients of the
    /// dual problem (Beck and Teboulle 2009, "Fast gradient-based algorithms for constrained total
    /// variation image denoising and deblurring problems", algorithm FGP), until the duality gap,
    /// weight (TV(x) - <Dx, p>), which bounds 1/2 |x - minimizer|^2, is at most `tolerance`.
    /// @param dual p, 2 columns of picture().size(): where to begin (zero, or that of a problem nearby), and the last one.
    /// @return the gap, larger than `tolerance` where `most_steps` came first.
    /// @pre weight >= 0.
    double prox(double weight, const ConstVectorRef<double>& v, double tolerance, int most_steps,
                MatrixRef<double> dual, Eigen::Ref<Vector<double>> x) const;

  private:
    /// d = Dx: the differences, 2 columns, zero beyond the border.
    void differences(const ConstVectorRef<double>& x, Matrix<double>& d) const;
    /// x = v - weight D'p.
    void primal(double weight, const ConstVectorRef<double>& v, const ConstMatrixRef<double>& p,
                Eigen::Ref<Vector<double>> x) const;
    double sum(const Matrix<double>& d) const;
    /// Brings every place of p to the dual unit ball.
    void project(Matrix<double>& p) const;

    Shape picture_;
    Variation kind_;
};

}  // namespace hoist
