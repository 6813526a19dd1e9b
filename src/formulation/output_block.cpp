#include "hoist/formulation/output_block.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/math/simplex.hpp"
#include "hoist/math/softmax.hpp"

namespace hoist {

namespace {

template <typename Scalar>
class LinearOutput final : public OutputBlock<Scalar> {
  public:
    double weight() const override { return 1.0; }
    bool quadratic() const override { return true; }
    void target(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>&,
                MatrixRef<Scalar> t) const override {
        t = y;
    }
    void slope(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
               MatrixRef<Scalar> s) const override {
        s = u - y;
    }
    Vector<double> energy(const ConstMatrixRef<Scalar>& y,
                          const ConstMatrixRef<Scalar>& u) const override {
        return 0.5 * (y - u).template cast<double>().colwise().squaredNorm().transpose();
    }
    void scores(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p) const override { p = u; }
};

template <typename Scalar>
class SoftmaxOutput final : public OutputBlock<Scalar> {
  public:
    SoftmaxOutput(double temperature, double offset) : temperature_(temperature), offset_(offset) {}

    double weight() const override { return 0.5 / temperature_; }
    void target(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
                MatrixRef<Scalar> t) const override {
        slope(y, u, t);
        t = u - static_cast<Scalar>(2.0 * temperature_) * t;
    }
    void slope(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
               MatrixRef<Scalar> s) const override {
        scores(compared(y, u), s);
        s -= y;
    }
    Vector<double> energy(const ConstMatrixRef<Scalar>& y,
                          const ConstMatrixRef<Scalar>& u) const override {
        return temperature_ * cross_entropy<Scalar>(y, cooled(compared(y, u)));
    }
    void scores(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p) const override {
        softmax<Scalar>(cooled(u), p);
    }

  private:
    Matrix<Scalar> cooled(const ConstMatrixRef<Scalar>& u) const {
        return u / static_cast<Scalar>(temperature_);
    }
    Matrix<Scalar> compared(const ConstMatrixRef<Scalar>& y,
                            const ConstMatrixRef<Scalar>& u) const {
        return u - static_cast<Scalar>(offset_) * y;
    }

    double temperature_;
    double offset_;
};

/// A loss whose quadratic is none: T is a step of 1 along the slope, and the scores are u.
template <typename Scalar>
class SlopedOutput : public OutputBlock<Scalar> {
  public:
    double weight() const final { return 1.0; }
    void target(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
                MatrixRef<Scalar> t) const final {
        this->slope(y, u, t);
        t = u - t;
    }
    void scores(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p) const final { p = u; }
};

template <typename Scalar>
class HingeOutput final : public SlopedOutput<Scalar> {
  public:
    HingeOutput(bool squared, double offset) : squared_(squared), offset_(offset) {}

    void slope(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
               MatrixRef<Scalar> s) const override {
        s.setZero();
        for (Index i = 0; i < u.cols(); ++i) {
            const Miss miss = miss_of(y.col(i), u.col(i));
            if (miss.by > 0.0) {
                const auto size = static_cast<Scalar>(squared_ ? miss.by : 1.0);
                s(miss.other, i) += size;
                s(miss.own, i) -= size;
            }
        }
    }
    Vector<double> energy(const ConstMatrixRef<Scalar>& y,
                          const ConstMatrixRef<Scalar>& u) const override {
        return Vector<double>::NullaryExpr(u.cols(), [&](Index i) {
            const double by = miss_of(y.col(i), u.col(i)).by;
            return squared_ ? 0.5 * by * by : by;
        });
    }

  private:
    struct Miss {
        Index own = 0;
        Index other = 0;
        double by = 0.0;
    };
    // Of one sample; the first of equal scores.
    Miss miss_of(const ConstVectorRef<Scalar>& y, const ConstVectorRef<Scalar>& u) const {
        Miss miss;
        y.maxCoeff(&miss.own);
        miss.other = miss.own == 0 ? 1 : 0;
        for (Index k = 0; k < u.size(); ++k) {
            if (k != miss.own && u[k] > u[miss.other]) {
                miss.other = k;
            }
        }
        miss.by = std::max(
            0.0, static_cast<double>(u[miss.other]) - static_cast<double>(u[miss.own]) + offset_);
        return miss;
    }

    bool squared_;
    double offset_;
};

template <typename Scalar>
class SplineOutput final : public SlopedOutput<Scalar> {
  public:
    explicit SplineOutput(const SplineLoss& loss) : loss_(loss) {}

    void slope(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
               MatrixRef<Scalar> s) const override {
        for (Index i = 0; i < u.cols(); ++i) {
            s(0, i) = static_cast<Scalar>(
                loss_.slope(static_cast<double>(u(0, i)), static_cast<double>(y(0, i))));
        }
    }
    Vector<double> energy(const ConstMatrixRef<Scalar>& y,
                          const ConstMatrixRef<Scalar>& u) const override {
        return Vector<double>::NullaryExpr(u.cols(), [&](Index i) {
            return loss_.value(static_cast<double>(u(0, i)), static_cast<double>(y(0, i)));
        });
    }

  private:
    SplineLoss loss_;
};

template <typename Scalar>
class NoOutput final : public SlopedOutput<Scalar> {
  public:
    void slope(const ConstMatrixRef<Scalar>&, const ConstMatrixRef<Scalar>&,
               MatrixRef<Scalar> s) const override {
        s.setZero();
    }
    Vector<double> energy(const ConstMatrixRef<Scalar>&,
                          const ConstMatrixRef<Scalar>& u) const override {
        return Vector<double>::Zero(u.cols());
    }
};

template <typename Scalar>
class SimplexOutput final : public OutputBlock<Scalar> {
  public:
    explicit SimplexOutput(double lambda) : lambda_(lambda) {}

    double weight() const override { return lambda_; }
    void target(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
                MatrixRef<Scalar> t) const override {
        cross_entropy_prox<Scalar>(y, u, lambda_, t);
    }
    void slope(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
               MatrixRef<Scalar> s) const override {
        // In double, as u - z cancels where lambda is large.
        const Matrix<double> exact = u.template cast<double>();
        Matrix<double> z(u.rows(), u.cols());
        cross_entropy_prox<double>(y.template cast<double>(), exact, lambda_, z);
        s = (lambda_ * (exact - z)).template cast<Scalar>();
    }
    Vector<double> energy(const ConstMatrixRef<Scalar>& y,
                          const ConstMatrixRef<Scalar>& u) const override {
        Matrix<Scalar> z(u.rows(), u.cols());
        cross_entropy_prox<Scalar>(y, u, lambda_, z);
        const auto logarithm = [](double target, double value) {
            return target > 0.0 ? -target * std::log(value) : 0.0;
        };
        const Matrix<double> exact = z.template cast<double>();
        return y.template cast<double>().binaryExpr(exact, logarithm).colwise().sum().transpose() +
               0.5 * lambda_ *
                   (exact - u.template cast<double>()).colwise().squaredNorm().transpose();
    }
    void scores(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p) const override {
        project_onto_simplex<Scalar>(u, p);
    }

  private:
    double lambda_;
};

}  // namespace

template <typename Scalar>
std::unique_ptr<OutputBlock<Scalar>> make_output_block(Output output,
                                                       const OutputOptions& options) {
    switch (output) {
        case Output::linear:
            return std::make_unique<LinearOutput<Scalar>>();
        case Output::simplex:
            return std::make_unique<SimplexOutput<Scalar>>(options.lambda);
        case Output::hinge:
        case Output::squared_hinge:
            return std::make_unique<HingeOutput<Scalar>>(output == Output::squared_hinge,
                                                         options.offset);
        case Output::spline:
            return std::make_unique<SplineOutput<Scalar>>(options.loss);
        case Output::none:
            return std::make_unique<NoOutput<Scalar>>();
        case Output::softmax:
            break;
    }
    return std::make_unique<SoftmaxOutput<Scalar>>(options.temperature, options.offset);
}

template std::unique_ptr<OutputBlock<float>> make_output_block(Output, const OutputOptions&);
template std::unique_ptr<OutputBlock<double>> make_output_block(Output, const OutputOptions&);

}  // namespace hoist
