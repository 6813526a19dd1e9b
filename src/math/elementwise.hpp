#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "hoist/base/error.hpp"
#include "hoist/math/activation.hpp"

namespace hoist {

/// As many numbers as a smooth rule treats at once; arrays of fixed size always run through the
/// vector instructions, so that a value does not depend on where in memory it lies.
template <typename Scalar>
using Lanes = Eigen::Array<Scalar, 64, 1>;

/// An activation that acts on each coordinate alone, made from a rule of one variable. A rule has
/// traits(), and phi(u), slope(u), prox(s, v) on a number, or on Lanes where Rule::lanes is true,
/// and gap(x, u), which is given numbers and answers in double.
template <typename Rule>
class Elementwise final : public Activation {
  public:
    explicit Elementwise(std::string name, Rule rule = {}) : name_(std::move(name)), rule_(rule) {}

    std::string name() const override { return name_; }
    ActivationTraits traits() const override { return rule_.traits(); }

    void apply(const ConstMatrixRef<float>& u, MatrixRef<float> x) const override { phi(u, x); }
    void apply(const ConstMatrixRef<double>& u, MatrixRef<double> x) const override { phi(u, x); }

    void slope(const ConstMatrixRef<float>& u, MatrixRef<float> d) const override {
        derivative(u, d);
    }
    void slope(const ConstMatrixRef<double>& u, MatrixRef<double> d) const override {
        derivative(u, d);
    }

    void prox(double s, const ConstMatrixRef<float>& v, MatrixRef<float> x) const override {
        proximal_map(s, v, x);
    }
    void prox(double s, const ConstMatrixRef<double>& v, MatrixRef<double> x) const override {
        proximal_map(s, v, x);
    }

    double gap(const ConstMatrixRef<float>& x, const ConstMatrixRef<float>& u) const override {
        return total_gap(x, u);
    }
    double gap(const ConstMatrixRef<double>& x, const ConstMatrixRef<double>& u) const override {
        return total_gap(x, u);
    }

  private:
    template <typename Scalar>
    void phi(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        transform(u, x, [this](const auto& value) { return rule_.phi(value); });
    }

    template <typename Scalar>
    void derivative(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& d) const {
        transform(u, d, [this](const auto& value) { return rule_.slope(value); });
    }

    template <typename Scalar>
    void proximal_map(double s, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar>& x) const {
        require(s > 0, "the step of a proximal map is positive");
        const auto step = static_cast<Scalar>(s);
        transform(v, x, [this, step](const auto& value) { return rule_.prox(step, value); });
    }

    template <typename Scalar, typename Function>
    static void transform(const ConstMatrixRef<Scalar>& from, MatrixRef<Scalar>& to,
                          Function function) {
        require(from.rows() == to.rows() && from.cols() == to.cols(),
                "the input and the output of an activation have the same size");
        const bool contiguous = from.outerStride() == from.rows() && to.outerStride() == to.rows();
        if (contiguous) {
            transform(from.data(), to.data(), from.size(), function);
        } else {
            for (Index j = 0; j < from.cols(); ++j) {
                transform(from.col(j).data(), to.col(j).data(), from.rows(), function);
            }
        }
    }

    template <typename Scalar, typename Function>
    static void transform(const Scalar* from, Scalar* to, Index count, Function function) {
        if constexpr (Rule::lanes) {
            Lanes<Scalar> lanes = Lanes<Scalar>::Zero();
            for (Index i = 0; i < count; i += lanes.size()) {
                const Index length = std::min<Index>(lanes.size(), count - i);
                std::copy_n(from + i, length, lanes.data());
                const Lanes<Scalar> result = function(lanes);
                std::copy_n(result.data(), length, to + i);
            }
        } else {
            // `to` is `from` or does not meet it, so that no result is read as an input.
#pragma GCC ivdep
            for (Index i = 0; i < count; ++i) {
                to[i] = function(from[i]);
            }
        }
    }

    template <typename Scalar>
    double total_gap(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u) const {
        require(x.rows() == u.rows() && x.cols() == u.cols(),
                "the two arguments of a gap have the same size");
        double total = 0;
        for (Index j = 0; j < x.cols(); ++j) {
            double column = 0;
            for (Index i = 0; i < x.rows(); ++i) {
                column += rule_.gap(x(i, j), u(i, j));
            }
            total += column;
        }
        return total;
    }

    std::string name_;
    Rule rule_;
};

}  // namespace hoist
