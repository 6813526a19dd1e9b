#include "hoist/formulation/output_block.hpp"

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
    explicit SoftmaxOutput(double temperature) : temperature_(temperature) {}

    double weight() const override { return 0.5 / temperature_; }
    void target(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
                MatrixRef<Scalar> t) const override {
        scores(u, t);
        t = u - static_cast<Scalar>(2.0 * temperature_) * (t - y);
    }
    void slope(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
               MatrixRef<Scalar> s) const override {
        scores(u, s);
        s -= y;
    }
    Vector<double> energy(const ConstMatrixRef<Scalar>& y,
                          const ConstMatrixRef<Scalar>& u) const override {
        return temperature_ * cross_entropy<Scalar>(y, cooled(u));
    }
    void scores(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p) const override {
        softmax<Scalar>(cooled(u), p);
    }

  private:
    Matrix<Scalar> cooled(const ConstMatrixRef<Scalar>& u) const {
        return u / static_cast<Scalar>(temperature_);
    }

    double temperature_;
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
std::unique_ptr<OutputBlock<Scalar>> make_output_block(Output output, double lambda,
                                                       double temperature) {
    switch (output) {
        case Output::linear:
            return std::make_unique<LinearOutput<Scalar>>();
        case Output::simplex:
            return std::make_unique<SimplexOutput<Scalar>>(lambda);
        case Output::softmax:
            break;
    }
    return std::make_unique<SoftmaxOutput<Scalar>>(temperature);
}

template std::unique_ptr<OutputBlock<float>> make_output_block(Output, double, double);
template std::unique_ptr<OutputBlock<double>> make_output_block(Output, double, double);

}  // namespace hoist
