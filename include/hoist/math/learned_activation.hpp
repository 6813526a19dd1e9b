#pragma once

#include <memory>

#include "hoist/math/activation.hpp"

namespace hoist {

/// An activation whose parameter is learned, as leaky_relu's slope may be (Askari et al., section
/// 6). All copies of a network share it, so that a new value holds everywhere on a rank.
class LearnedActivation final : public Activation {
  public:
    /// @pre `start` has a parameter.
    explicit LearnedActivation(std::shared_ptr<const Activation> start);

    /// @pre in the range of the parameter.
    void set(double parameter) const { now_ = now_->with_parameter(parameter); }

    std::string name() const override { return now_->name(); }
    ActivationTraits traits() const override { return now_->traits(); }
    std::optional<double> parameter() const override { return now_->parameter(); }
    void apply(const ConstMatrixRef<float>& u, MatrixRef<float> x) const override {
        now_->apply(u, x);
    }
    void apply(const ConstMatrixRef<double>& u, MatrixRef<double> x) const override {
        now_->apply(u, x);
    }
    void pull_back(const ConstMatrixRef<float>& u, const ConstMatrixRef<float>& e,
                   MatrixRef<float> d) const override {
        now_->pull_back(u, e, d);
    }
    void pull_back(const ConstMatrixRef<double>& u, const ConstMatrixRef<double>& e,
                   MatrixRef<double> d) const override {
        now_->pull_back(u, e, d);
    }
    void prox(double s, const ConstMatrixRef<float>& v, MatrixRef<float> x) const override {
        now_->prox(s, v, x);
    }
    void prox(double s, const ConstMatrixRef<double>& v, MatrixRef<double> x) const override {
        now_->prox(s, v, x);
    }
    Vector<double> gap(const ConstMatrixRef<float>& x,
                       const ConstMatrixRef<float>& u) const override {
        return now_->gap(x, u);
    }
    Vector<double> gap(const ConstMatrixRef<double>& x,
                       const ConstMatrixRef<double>& u) const override {
        return now_->gap(x, u);
    }
    void difference_quotient(double weight, const ConstMatrixRef<float>& u,
                             const ConstMatrixRef<float>& g, const ConstMatrixRef<float>& x,
                             MatrixRef<float> s) const override {
        now_->difference_quotient(weight, u, g, x, s);
    }
    void difference_quotient(double weight, const ConstMatrixRef<double>& u,
                             const ConstMatrixRef<double>& g, const ConstMatrixRef<double>& x,
                             MatrixRef<double> s) const override {
        now_->difference_quotient(weight, u, g, x, s);
    }
    double gap_parameter_slope(double weight, const ConstMatrixRef<float>& u,
                               const ConstMatrixRef<float>& g) const override {
        return now_->gap_parameter_slope(weight, u, g);
    }
    double gap_parameter_slope(double weight, const ConstMatrixRef<double>& u,
                               const ConstMatrixRef<double>& g) const override {
        return now_->gap_parameter_slope(weight, u, g);
    }

  private:
    mutable std::shared_ptr<const Activation> now_;
};

}  // namespace hoist
