#include "normal_steps.hpp"

#include <Eigen/Cholesky>
#include <mutex>

#include "data_steps_of.hpp"
#include "hoist/math/radon.hpp"

namespace hoist {

namespace {

class NormalSteps final : public DataStepsOf<NormalSteps> {
  public:
    using DataStepsOf::DataStepsOf;

    // A = I - t (N + t I)^-1.
    template <typename Scalar>
    void put(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar>& y) const {
        const Products<Scalar>& products = this->products<Scalar>();
        Matrix<Scalar> pictures(from().places(), x.cols());
        for (Index channel = 0; channel < below(); ++channel) {
            for (Index j = 0; j < x.cols(); ++j) {
                pictures.col(j) = picture(x.col(j).data(), channel, below());
                picture(y.col(j).data(), terms() * below() + channel, above()) = pictures.col(j);
            }
            if (!of_picture(channel)) {
                take_back(products, pictures);
            }
            for (Index i = 0; i < terms(); ++i) {
                const Matrix<Scalar> term = apply(products, i, of_picture(channel), pictures);
                for (Index j = 0; j < x.cols(); ++j) {
                    picture(y.col(j).data(), i * below() + channel, above()) = term.col(j);
                }
            }
        }
    }

    // All are symmetric.
    template <typename Scalar>
    void add(const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar>& x) const {
        const Products<Scalar>& products = this->products<Scalar>();
        Matrix<Scalar> pictures(from().places(), x.cols());
        for (Index channel = 0; channel < below(); ++channel) {
            Matrix<Scalar> sum = Matrix<Scalar>::Zero(from().places(), x.cols());
            for (Index i = 0; i < terms(); ++i) {
                for (Index j = 0; j < x.cols(); ++j) {
                    pictures.col(j) = picture(y.col(j).data(), i * below() + channel, above());
                }
                sum += apply(products, i, of_picture(channel), pictures);
            }
            if (!of_picture(channel)) {
                take_back(products, sum);
            }
            for (Index j = 0; j < x.cols(); ++j) {
                picture(x.col(j).data(), channel, below()) +=
                    sum.col(j) + picture(y.col(j).data(), terms() * below() + channel, above());
            }
        }
    }

    // N of projections has no negative number, so that its largest sum is a bound.
    double norm_bound() const override {
        double squares = 1.0;
        if (regularizations().empty()) {
            const double largest = masks() ? 1.0 : largest_sum();
            squares += std::max(1.0, largest * largest);
        }
        for (const double t : regularizations()) {
            const double largest = masks() ? 1.0 / (1.0 + t) : std::max(1.0, 1.0 / t);
            squares += largest * largest;
        }
        return std::sqrt(squares);
    }

    double flops() const override {
        const auto places = static_cast<double>(from().places());
        return 2.0 * places * (masks() ? 1.0 : places) * static_cast<double>(below() * terms());
    }

    // N or its factor is made in double.
    double bytes(double scalar) const override {
        const auto places = static_cast<double>(from().places());
        return masks() ? places * scalar
                       : places * places * (static_cast<double>(terms()) * scalar + sizeof(double));
    }

  private:
    template <typename Scalar>
    struct Products {
        std::once_flag made;
        /// (N + t I)^-1 for each t, or N; of a mask the diagonals.
        std::vector<Matrix<Scalar>> factors;
        /// That of a mask.
        Vector<Scalar> kept;
    };

    Radon radon() const {
        return {static_cast<Index>(measurement().front().amount), from().rows, from().columns};
    }
    double largest_sum() const {
        const std::vector<double> ones(static_cast<std::size_t>(from().places()), 1.0);
        return std::ranges::max(radon().back_project(radon().project(ones)));
    }

    bool masks() const { return measurement().front().kind == DegradationStep::Kind::fixed_mask; }

    template <typename Scalar>
    void take_back(const Products<Scalar>& products, Matrix<Scalar>& pictures) const {
        if (masks()) {
            pictures.array().colwise() *= products.kept.array();
        }
    }

    /// A or B of what has been taken back.
    template <typename Scalar>
    Matrix<Scalar> apply(const Products<Scalar>& products, Index term, bool of_picture,
                         const Matrix<Scalar>& pictures) const {
        const bool by_gradient = regularizations().empty();
        if (by_gradient && !of_picture) {
            return pictures;
        }
        const Matrix<Scalar>& factor = products.factors[static_cast<std::size_t>(term)];
        Matrix<Scalar> product;
        if (masks()) {
            product = factor.col(0).asDiagonal() * pictures;
        } else {
            product.noalias() = factor * pictures;
        }
        if (of_picture && !by_gradient) {
            const double t = regularizations()[static_cast<std::size_t>(term)];
            product = pictures - static_cast<Scalar>(t) * product;
        }
        return product;
    }

    template <typename Scalar>
    const Products<Scalar>& products() const {
        auto& products = [this]() -> auto& {
            if constexpr (std::is_same_v<Scalar, float>) {
                return in_float_;
            } else {
                return in_double_;
            }
        }
        ();
        std::call_once(products.made, [&] { make(products); });
        return products;
    }

    template <typename Scalar>
    void make(Products<Scalar>& products) const {
        if (masks()) {
            const DegradationStep step = measurement().front();
            products.kept.resize(from().places());
            for (Index place = 0; place < from().places(); ++place) {
                const bool kept = keeps(step, place / from().columns, place % from().columns);
                products.kept[place] = kept ? Scalar{1} : Scalar{0};
            }
            if (regularizations().empty()) {
                products.factors.emplace_back(products.kept);
            }
            for (const double t : regularizations()) {
                products.factors.emplace_back(
                    (products.kept.array() + static_cast<Scalar>(t)).inverse());
            }
            return;
        }
        if (regularizations().empty()) {
            products.factors.emplace_back(radon().normal().template cast<Scalar>());
        }
        for (const double t : regularizations()) {
            products.factors.emplace_back(inverse_of_normal<Scalar>(t));
        }
    }

    /// (N + t I)^-1, some columns at a time.
    template <typename Scalar>
    Matrix<Scalar> inverse_of_normal(double t) const {
        Matrix<double> sum = radon().normal();
        sum.diagonal().array() += t;
        const Eigen::LLT<Eigen::Ref<Matrix<double>>> factor(sum);
        const Index places = sum.cols();
        Matrix<Scalar> inverse(places, places);
        constexpr Index at_once = 128;
        for (Index first = 0; first < places; first += at_once) {
            const Index count = std::min(at_once, places - first);
            Matrix<double> columns = Matrix<double>::Zero(places, count);
            columns.middleRows(first, count).setIdentity();
            factor.solveInPlace(columns);
            inverse.middleCols(first, count) = columns.template cast<Scalar>();
        }
        return inverse;
    }

    /// One channel of a sample, a column.
    template <typename Number>
    auto picture(Number* sample, Index channel, Index all) const {
        return channel_of(sample, channel, all, from().places(), 1);
    }

    mutable Products<double> in_double_;
    mutable Products<float> in_float_;
};

}  // namespace

std::shared_ptr<const FixedOperator> normal_steps(const Shape& block,
                                                  const std::vector<DegradationStep>& measurement,
                                                  const std::vector<double>& regularizations) {
    require(measurement.size() == 1, "one step is known by its normal matrix");
    return std::make_shared<NormalSteps>(block, measurement, regularizations);
}

}  // namespace hoist
