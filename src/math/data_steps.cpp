#include "hoist/math/data_steps.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <mutex>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

/// K = U diag(s) V' of the rows or the columns.
struct SingularValues {
    Matrix<double> u;
    Vector<double> s;
    Matrix<double> v;

    explicit SingularValues(const Matrix<double>& k) {
        const Eigen::BDCSVD<Matrix<double>> svd(k, Eigen::ComputeFullU | Eigen::ComputeFullV);
        u = svd.matrixU();
        s = svd.singularValues();
        v = svd.matrixV();
    }
};

/// A picture is held as columns x rows, as its numbers lie.
template <typename Scalar>
struct Bases {
    Matrix<Scalar> u_across, u_down, v_across, v_down;
    /// A and B for each t on the products of singular values.
    std::vector<Matrix<Scalar>> a, b;
};

class DataSteps final : public FixedOperator {
  public:
    DataSteps(const Shape& block, std::vector<DegradationStep> measurement,
              std::vector<double> regularizations)
        : FixedOperator(block,
                        {block.rows, block.columns, block.channels * (terms(regularizations) + 1)}),
          measurement_(std::move(measurement)),
          regularizations_(std::move(regularizations)) {
        require(block.channels % 2 == 0, "the picture and what was measured have as many channels");
    }

    std::string text() const override {
        std::string text = to_text(measurement_);
        for (const double t : regularizations_) {
            text += "," + hoist::to_text(t);
        }
        return text;
    }

    void apply(const ConstMatrixRef<float>& x, MatrixRef<float> y) const override {
        apply_any<float>(x, y);
    }
    void apply(const ConstMatrixRef<double>& x, MatrixRef<double> y) const override {
        apply_any<double>(x, y);
    }
    void add_adjoint(const ConstMatrixRef<float>& y, MatrixRef<float> x) const override {
        add_adjoint_any<float>(y, x);
    }
    void add_adjoint(const ConstMatrixRef<double>& y, MatrixRef<double> x) const override {
        add_adjoint_any<double>(y, x);
    }

    double norm_bound() const override {
        const Bases<double>& bases = this->bases<double>();
        double squares = 1.0;
        for (std::size_t i = 0; i < bases.a.size(); ++i) {
            const double largest = std::max(bases.a[i].maxCoeff(), bases.b[i].maxCoeff());
            squares += largest * largest;
        }
        return std::sqrt(squares);
    }

    double flops() const override {
        const double places = static_cast<double>(from().places());
        const double sides = static_cast<double>(from().rows + from().columns);
        return 2.0 * places * sides * static_cast<double>(from().channels * (1 + terms()));
    }

  private:
    static Index terms(const std::vector<double>& regularizations) {
        return std::max<Index>(1, std::ssize(regularizations));
    }
    Index terms() const { return terms(regularizations_); }
    /// Those of the picture, and of what was measured.
    Index channels() const { return from().channels / 2; }

    template <typename Scalar>
    const Bases<Scalar>& bases() const {
        std::call_once(decomposed_, [&] { decompose(); });
        if constexpr (std::is_same_v<Scalar, float>) {
            return in_float_;
        } else {
            return in_double_;
        }
    }

    void decompose() const {
        const SingularValues across(degrading_matrix(measurement_, from().columns));
        const SingularValues down(degrading_matrix(measurement_, from().rows));
        in_double_ = {across.u, down.u, across.v, down.v, {}, {}};
        const Matrix<double> s = across.s * down.s.transpose();
        const Matrix<double> squares = s.cwiseProduct(s);
        if (regularizations_.empty()) {
            in_double_.a.push_back(squares);
            in_double_.b.push_back(s);
        }
        for (const double t : regularizations_) {
            const Matrix<double> sums = squares.array() + t;
            in_double_.a.push_back(squares.cwiseQuotient(sums));
            in_double_.b.push_back(s.cwiseQuotient(sums));
        }
        in_float_ = {across.u.cast<float>(),
                     down.u.cast<float>(),
                     across.v.cast<float>(),
                     down.v.cast<float>(),
                     {},
                     {}};
        for (std::size_t i = 0; i < in_double_.a.size(); ++i) {
            in_float_.a.emplace_back(in_double_.a[i].cast<float>());
            in_float_.b.emplace_back(in_double_.b[i].cast<float>());
        }
    }

    /// One channel of a sample, columns x rows.
    template <typename Number>
    auto picture(Number* sample, Index channel, Index all) const {
        using Plain = Matrix<std::remove_const_t<Number>>;
        using Any = std::conditional_t<std::is_const_v<Number>, const Plain, Plain>;
        return Eigen::Map<Any, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>(
            sample + channel, from().columns, from().rows,
            Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(from().columns * all, all));
    }

    template <typename Scalar>
    void apply_any(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar>& y) const {
        require(x.rows() == from().size() && y.rows() == to().size() && x.cols() == y.cols(),
                "the columns of a fixed operator have its shapes");
        const Bases<Scalar>& bases = this->bases<Scalar>();
        const Index below = from().channels;
        const Index above = to().channels;
        Matrix<Scalar> block, half, spectrum;
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index channel = 0; channel < below; ++channel) {
                const bool measured = channel >= channels();
                block = picture(x.col(j).data(), channel, below);
                picture(y.col(j).data(), terms() * below + channel, above) = block;
                half.noalias() = (measured ? bases.u_across : bases.v_across).transpose() * block;
                spectrum.noalias() = half * (measured ? bases.u_down : bases.v_down);
                for (Index i = 0; i < terms(); ++i) {
                    const auto& filters = measured ? bases.b : bases.a;
                    block = filters[static_cast<std::size_t>(i)].cwiseProduct(spectrum);
                    half.noalias() = bases.v_across * block;
                    block.noalias() = half * bases.v_down.transpose();
                    picture(y.col(j).data(), i * below + channel, above) = block;
                }
            }
        }
    }

    template <typename Scalar>
    void add_adjoint_any(const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar>& x) const {
        require(x.rows() == from().size() && y.rows() == to().size() && x.cols() == y.cols(),
                "the columns of a fixed operator have its shapes");
        const Bases<Scalar>& bases = this->bases<Scalar>();
        const Index below = from().channels;
        const Index above = to().channels;
        Matrix<Scalar> block, half, spectrum;
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index channel = 0; channel < below; ++channel) {
                const bool measured = channel >= channels();
                spectrum.setZero(from().columns, from().rows);
                for (Index i = 0; i < terms(); ++i) {
                    const auto& filters = measured ? bases.b : bases.a;
                    block = picture(y.col(j).data(), i * below + channel, above);
                    half.noalias() = bases.v_across.transpose() * block;
                    block.noalias() = half * bases.v_down;
                    spectrum += filters[static_cast<std::size_t>(i)].cwiseProduct(block);
                }
                half.noalias() = (measured ? bases.u_across : bases.v_across) * spectrum;
                block.noalias() = half * (measured ? bases.u_down : bases.v_down).transpose();
                picture(x.col(j).data(), channel, below) +=
                    block + picture(y.col(j).data(), terms() * below + channel, above);
            }
        }
    }

    std::vector<DegradationStep> measurement_;
    std::vector<double> regularizations_;
    mutable std::once_flag decomposed_;
    mutable Bases<double> in_double_;
    mutable Bases<float> in_float_;
};

}  // namespace

std::shared_ptr<const FixedOperator> steps_toward_data(
    const Shape& block, const std::vector<DegradationStep>& measurement,
    const std::vector<double>& regularizations) {
    return std::make_shared<DataSteps>(block, measurement, regularizations);
}

}  // namespace hoist
