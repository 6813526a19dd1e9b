#include "hoist/math/data_steps.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <mutex>

#include "data_steps_of.hpp"
#include "normal_steps.hpp"

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

/// The basis in which A, or B, is a product number by number, with that for each t. A picture is held as columns x rows,
/// as its numbers lie.
template <typename Scalar>
struct Side {
    Matrix<Scalar> across;
    Matrix<Scalar> down;
    std::vector<Matrix<Scalar>> factors;

    /// To and from the basis; out meets no other argument.
    void analyze(const Matrix<Scalar>& block, Matrix<Scalar>& half, Matrix<Scalar>& out) const {
        half.noalias() = across.transpose() * block;
        out.noalias() = half * down;
    }
    void synthesize(const Matrix<Scalar>& spectrum, Matrix<Scalar>& half,
                    Matrix<Scalar>& out) const {
        half.noalias() = across * spectrum;
        out.noalias() = half * down.transpose();
    }

    Side<float> in_float() const {
        Side<float> side{across.template cast<float>(), down.template cast<float>(), {}};
        for (const Matrix<Scalar>& factor : factors) {
            side.factors.emplace_back(factor.template cast<float>());
        }
        return side;
    }
};

/// Of the picture, V and A, and of what was measured, U and B; both lead back by V.
template <typename Scalar>
struct Bases {
    Side<Scalar> picture;
    Side<Scalar> measured;
};

class DataSteps final : public DataStepsOf<DataSteps> {
  public:
    using DataStepsOf::DataStepsOf;

    template <typename Scalar>
    void put(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar>& y) const {
        const Bases<Scalar>& bases = this->bases<Scalar>();
        Matrix<Scalar> block, half, spectrum, filtered;
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index channel = 0; channel < below(); ++channel) {
                const Side<Scalar>& side = side_of(bases, channel);
                block = picture(x.col(j).data(), channel, below());
                picture(y.col(j).data(), terms() * below() + channel, above()) = block;
                side.analyze(block, half, spectrum);
                for (Index i = 0; i < terms(); ++i) {
                    filtered = side.factors[static_cast<std::size_t>(i)].cwiseProduct(spectrum);
                    bases.picture.synthesize(filtered, half, block);
                    picture(y.col(j).data(), i * below() + channel, above()) = block;
                }
            }
        }
    }

    template <typename Scalar>
    void add(const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar>& x) const {
        const Bases<Scalar>& bases = this->bases<Scalar>();
        Matrix<Scalar> block, half, term, spectrum;
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index channel = 0; channel < below(); ++channel) {
                const Side<Scalar>& side = side_of(bases, channel);
                spectrum.setZero(from().columns, from().rows);
                for (Index i = 0; i < terms(); ++i) {
                    block = picture(y.col(j).data(), i * below() + channel, above());
                    bases.picture.analyze(block, half, term);
                    spectrum += side.factors[static_cast<std::size_t>(i)].cwiseProduct(term);
                }
                side.synthesize(spectrum, half, block);
                picture(x.col(j).data(), channel, below()) +=
                    block + picture(y.col(j).data(), terms() * below() + channel, above());
            }
        }
    }

    double norm_bound() const override {
        const Bases<double>& bases = this->bases<double>();
        double squares = 1.0;
        for (std::size_t i = 0; i < bases.picture.factors.size(); ++i) {
            const double largest =
                std::max(bases.picture.factors[i].maxCoeff(), bases.measured.factors[i].maxCoeff());
            squares += largest * largest;
        }
        return std::sqrt(squares);
    }

    double flops() const override {
        const double places = static_cast<double>(from().places());
        const double sides = static_cast<double>(from().rows + from().columns);
        return 2.0 * places * sides * static_cast<double>(from().channels * (1 + terms()));
    }

    // The bases are made in double.
    double bytes(double scalar) const override {
        const auto square = [](Index side) { return static_cast<double>(side * side); };
        const double numbers = 2.0 * (square(from().rows) + square(from().columns) +
                                      static_cast<double>(from().places() * terms()));
        return numbers * (scalar + sizeof(double));
    }

  private:
    template <typename Scalar>
    const Side<Scalar>& side_of(const Bases<Scalar>& bases, Index channel) const {
        return of_picture(channel) ? bases.picture : bases.measured;
    }

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
        const SingularValues across(degrading_matrix(measurement(), from().columns));
        const SingularValues down(degrading_matrix(measurement(), from().rows));
        in_double_ = {{across.v, down.v, {}}, {across.u, down.u, {}}};
        const Matrix<double> s = across.s * down.s.transpose();
        const Matrix<double> squares = s.cwiseProduct(s);
        const auto add = [&](const Matrix<double>& a, const Matrix<double>& b) {
            in_double_.picture.factors.push_back(a);
            in_double_.measured.factors.push_back(b);
        };
        if (regularizations().empty()) {
            add(squares, s);
        }
        for (const double t : regularizations()) {
            const Matrix<double> sums = squares.array() + t;
            add(squares.cwiseQuotient(sums), s.cwiseQuotient(sums));
        }
        in_float_ = {in_double_.picture.in_float(), in_double_.measured.in_float()};
    }

    /// One channel of a sample, columns x rows.
    template <typename Number>
    auto picture(Number* sample, Index channel, Index all) const {
        return channel_of(sample, channel, all, from().columns, from().rows);
    }

    mutable std::once_flag decomposed_;
    mutable Bases<double> in_double_;
    mutable Bases<float> in_float_;
};

}  // namespace

std::shared_ptr<const FixedOperator> steps_toward_data(
    const Shape& block, const std::vector<DegradationStep>& measurement,
    const std::vector<double>& regularizations) {
    if (!measurement.front().along_sides()) {
        return normal_steps(block, measurement, regularizations);
    }
    return std::make_shared<DataSteps>(block, measurement, regularizations);
}

}  // namespace hoist
