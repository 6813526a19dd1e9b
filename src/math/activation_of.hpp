#pragma once

#include <string>
#include <utility>

#include "hoist/base/error.hpp"
#include "hoist/math/activation.hpp"

namespace hoist {

/// An activation made from Functions, which has traits() and, as templates of the scalar, apply(u,
/// x), pull_back(u, e, d) and difference_quotient(weight, u, g, x, s), and what else exists of
/// parameter(), prox(s, v, x), gap(x, u), labels(), difference_signal(weight, u, g, x, s),
/// gap_coefficient_slopes(weight, u, g), coefficients() and coefficient_slopes(u, g), with_coefficients(c)
/// where that is not another parameter, and of_channels(count); where shapes change by more than groups and entries also
/// windows(), input(x), output(u) and fits(rows of u, rows of x). Their preconditions are checked here.
template <typename Functions>
class ActivationOf final : public Activation {
  public:
    ActivationOf(std::string name, Functions functions)
        : name_(std::move(name)), functions_(functions) {}

    std::string name() const override { return name_; }
    ActivationTraits traits() const override { return functions_.traits(); }

    std::optional<double> parameter() const override {
        if constexpr (requires { functions_.parameter(); }) {
            return functions_.parameter();
        }
        return std::nullopt;
    }

    Vector<double> coefficients() const override {
        if constexpr (requires { functions_.coefficients(); }) {
            return functions_.coefficients();
        }
        return {};
    }
    std::shared_ptr<const Activation> with_coefficients(
        const Vector<double>& coefficients) const override {
        if constexpr (requires { functions_.with_coefficients(coefficients); }) {
            Functions others = functions_.with_coefficients(coefficients);
            std::string name = name_;
            if constexpr (requires { others.name(); }) {
                name = others.name();
            }
            return std::make_shared<ActivationOf>(std::move(name), std::move(others));
        } else {
            return Activation::with_coefficients(coefficients);
        }
    }
    std::shared_ptr<const Activation> of_channels(Index count) const override {
        if constexpr (requires { functions_.of_channels(count); }) {
            return std::make_shared<ActivationOf>(name_, functions_.of_channels(count));
        }
        return nullptr;
    }
    Vector<double> coefficient_slopes(const ConstMatrixRef<float>& u,
                                      const ConstMatrixRef<float>& g) const override {
        return checked_coefficient_slopes<float>(u, g);
    }
    Vector<double> coefficient_slopes(const ConstMatrixRef<double>& u,
                                      const ConstMatrixRef<double>& g) const override {
        return checked_coefficient_slopes<double>(u, g);
    }

    std::optional<Windows> windows() const override {
        if constexpr (requires { functions_.windows(); }) {
            return functions_.windows();
        }
        return std::nullopt;
    }
    Shape input(const Shape& x) const override {
        if constexpr (requires { functions_.input(x); }) {
            return functions_.input(x);
        } else {
            return Activation::input(x);
        }
    }
    std::optional<Shape> output(const Shape& u) const override {
        if constexpr (requires { functions_.output(u); }) {
            return functions_.output(u);
        } else {
            return Activation::output(u);
        }
    }
    std::vector<double> labels() const override {
        if constexpr (requires { functions_.labels(); }) {
            return functions_.labels();
        }
        return {};
    }

    void apply(const ConstMatrixRef<float>& u, MatrixRef<float> x) const override {
        checked_apply<float>(u, x);
    }
    void apply(const ConstMatrixRef<double>& u, MatrixRef<double> x) const override {
        checked_apply<double>(u, x);
    }

    void pull_back(const ConstMatrixRef<float>& u, const ConstMatrixRef<float>& e,
                   MatrixRef<float> d) const override {
        checked_pull_back<float>(u, e, d);
    }
    void pull_back(const ConstMatrixRef<double>& u, const ConstMatrixRef<double>& e,
                   MatrixRef<double> d) const override {
        checked_pull_back<double>(u, e, d);
    }

    void prox(double s, const ConstMatrixRef<float>& v, MatrixRef<float> x) const override {
        checked_prox<float>(s, v, x);
    }
    void prox(double s, const ConstMatrixRef<double>& v, MatrixRef<double> x) const override {
        checked_prox<double>(s, v, x);
    }

    Vector<double> gap(const ConstMatrixRef<float>& x,
                       const ConstMatrixRef<float>& u) const override {
        return checked_gap<float>(x, u);
    }
    Vector<double> gap(const ConstMatrixRef<double>& x,
                       const ConstMatrixRef<double>& u) const override {
        return checked_gap<double>(x, u);
    }

    void difference_quotient(double weight, const ConstMatrixRef<float>& u,
                             const ConstMatrixRef<float>& g, const ConstMatrixRef<float>& x,
                             MatrixRef<float> s) const override {
        checked_quotient<float>(weight, u, g, x, s);
    }
    void difference_quotient(double weight, const ConstMatrixRef<double>& u,
                             const ConstMatrixRef<double>& g, const ConstMatrixRef<double>& x,
                             MatrixRef<double> s) const override {
        checked_quotient<double>(weight, u, g, x, s);
    }

    void difference_signal(double weight, const ConstMatrixRef<float>& u,
                           const ConstMatrixRef<float>& g, const ConstMatrixRef<float>& x,
                           MatrixRef<float> s) const override {
        checked_signal<float>(weight, u, g, x, s);
    }
    void difference_signal(double weight, const ConstMatrixRef<double>& u,
                           const ConstMatrixRef<double>& g, const ConstMatrixRef<double>& x,
                           MatrixRef<double> s) const override {
        checked_signal<double>(weight, u, g, x, s);
    }

    Vector<double> gap_coefficient_slopes(double weight, const ConstMatrixRef<float>& u,
                                          const ConstMatrixRef<float>& g) const override {
        return checked_gap_slopes<float>(weight, u, g);
    }
    Vector<double> gap_coefficient_slopes(double weight, const ConstMatrixRef<double>& u,
                                          const ConstMatrixRef<double>& g) const override {
        return checked_gap_slopes<double>(weight, u, g);
    }

  private:
    template <typename A, typename B>
    static void require_same_size(const A& a, const B& b) {
        require(a.rows() == b.rows() && a.cols() == b.cols(),
                "the arguments of an activation have the same size");
    }

    template <typename A, typename B>
    void require_groups(const A& u, const B& x) const {
        require(fits(u.rows(), x.rows()) && u.cols() == x.cols(),
                "the input and the output of an activation have sizes that fit");
    }

    bool fits(Index u, Index x) const {
        if constexpr (requires { functions_.fits(u, x); }) {
            return functions_.fits(u, x);
        } else {
            const ActivationTraits traits = this->traits();
            return u * traits.entries == x * traits.group;
        }
    }

    template <typename Scalar>
    void checked_apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        require_groups(u, x);
        functions_.apply(u, x);
    }

    template <typename Scalar>
    void checked_pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                           MatrixRef<Scalar>& d) const {
        require_groups(u, e);
        require_same_size(u, d);
        functions_.pull_back(u, e, d);
    }

    template <typename Scalar>
    void checked_prox(double s, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar>& x) const {
        require(traits().has_prox, "the remainder of an activation with a proximal map is convex");
        require(s > 0, "the step of a proximal map is positive");
        require_same_size(v, x);
        if constexpr (requires { functions_.prox(s, v, x); }) {
            functions_.prox(s, v, x);
        }
    }

    template <typename Scalar>
    Vector<double> checked_gap(const ConstMatrixRef<Scalar>& x,
                               const ConstMatrixRef<Scalar>& u) const {
        require(traits().minimizer, "an activation with a gap minimizes a convex function");
        require_groups(u, x);
        if constexpr (requires { functions_.gap(x, u); }) {
            return functions_.gap(x, u);
        }
        return {};
    }

    template <typename Scalar>
    void checked_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                          const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                          MatrixRef<Scalar>& s) const {
        require(weight != 0, "the weight of a difference quotient is not zero");
        require_same_size(u, g);
        require_groups(u, x);
        require_same_size(x, s);
        functions_.difference_quotient(weight, u, g, x, s);
    }

    template <typename Scalar>
    void checked_signal(double weight, const ConstMatrixRef<Scalar>& u,
                        const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                        MatrixRef<Scalar>& s) const {
        if constexpr (requires { functions_.difference_signal(weight, u, g, x, s); }) {
            require(weight != 0, "the weight of a difference quotient is not zero");
            require_groups(u, g);
            require_same_size(u, s);
            functions_.difference_signal(weight, u, g, x, s);
        } else if (traits().group == 1) {
            checked_quotient(weight, u, g, x, s);
        } else {  // the largest of a group, as it is
            checked_pull_back(u, g, s);
        }
    }

    template <typename Scalar>
    Vector<double> checked_gap_slopes(double weight, const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const {
        if constexpr (requires { functions_.gap_coefficient_slopes(weight, u, g); }) {
            require(weight != 0, "the weight of a difference quotient is not zero");
            require_same_size(u, g);
            return functions_.gap_coefficient_slopes(weight, u, g);
        }
        throw Defect("a precondition does not hold: the gap of " + name_ + " has nothing to learn");
    }

    template <typename Scalar>
    Vector<double> checked_coefficient_slopes(const ConstMatrixRef<Scalar>& u,
                                              const ConstMatrixRef<Scalar>& g) const {
        if constexpr (requires { functions_.coefficient_slopes(u, g); }) {
            require_groups(u, g);
            return functions_.coefficient_slopes(u, g);
        }
        throw Defect("a precondition does not hold: " + name_ + " has nothing to learn");
    }

    std::string name_;
    Functions functions_;
};

}  // namespace hoist
