#pragma once

#include "hoist/base/error.hpp"
#include "hoist/math/fixed_operator.hpp"

namespace hoist {

/// A FixedOperator by the templates `put<Scalar>(x, y)` and `add<Scalar>(y, x)` of Own, which is derived from it: y = P x
/// and x += P'y for some columns, whose sizes have been checked.
template <typename Own>
class FixedOperatorOf : public FixedOperator {
  public:
    void apply(const ConstMatrixRef<float>& x, MatrixRef<float> y) const final {
        if (some<float>(x, y)) {
            own().template put<float>(x, y);
        }
    }
    void apply(const ConstMatrixRef<double>& x, MatrixRef<double> y) const final {
        if (some<double>(x, y)) {
            own().template put<double>(x, y);
        }
    }
    void add_adjoint(const ConstMatrixRef<float>& y, MatrixRef<float> x) const final {
        if (some<float>(x, y)) {
            own().template add<float>(y, x);
        }
    }
    void add_adjoint(const ConstMatrixRef<double>& y, MatrixRef<double> x) const final {
        if (some<double>(x, y)) {
            own().template add<double>(y, x);
        }
    }

  protected:
    using FixedOperator::FixedOperator;

  private:
    const Own& own() const { return static_cast<const Own&>(*this); }

    /// Whether there are any columns.
    template <typename Scalar>
    bool some(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& y) const {
        require(x.rows() == from().size() && y.rows() == to().size() && x.cols() == y.cols(),
                "the columns of a fixed operator have its shapes");
        return x.cols() > 0;
    }
};

}  // namespace hoist
