#pragma once

#include <vector>

#include "hoist/formulation/formulation.hpp"

namespace hoist {

/// D(x, u) = gap(x, u) = F(x) + F*(u) - <x, u>, the penalty that `fenchel`, `bregman` and
/// `contrastive` share (Li, Fang and Lin 2019; Wang and Benning 2022; Zach and Estellers 2019): zero
/// exactly at x = phi(u), with slope phi(u) - x in u, free of phi'. Where phi makes several entries of
/// one u, u stands for E u, which repeats it beside each of them.
template <typename Scalar>
class GapPenalty : public Formulation<Scalar> {
  public:
    /// @param lambda of the layers. @param iterations, method of the block solves.
    GapPenalty(const NetworkSpec& spec, std::vector<double> lambda, int iterations,
               BlockMethod method);

    Vector<double> penalty(Index layer, const ConstMatrixRef<Scalar>& x,
                           const ConstMatrixRef<Scalar>& u) const override;
    void signal(Index layer, const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u,
                MatrixRef<Scalar> s) const override;
    void residual_signal(Index layer, const ConstMatrixRef<Scalar>& r,
                         const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const override;
    double pull_weight(Index layer) const override;
    void prepare(Index layer, const LinearMap<Scalar>& map, double weight_above) override;
    /// Proximal-gradient steps x <- prox_{s Psi}((lambda E u - g + x/t) / (lambda + 1/t)), s =
    /// lambda t / (1 + lambda t), with 1/t = weight_above |W|^2.
    void update_activations(Index layer, const LinearMap<Scalar>& map,
                            const ConstMatrixRef<Scalar>& u, const Above<Scalar>& above,
                            MatrixRef<Scalar> x) override;
    void minimize(Index layer, const LinearMap<Scalar>& map, const ConstMatrixRef<Scalar>& u,
                  const ConstMatrixRef<Scalar>& x, const ChangeAbove<Scalar>& above,
                  MatrixRef<Scalar> r) override;
    void residual_after(Index layer, const ConstMatrixRef<Scalar>& r,
                        const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                        const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> after) const override;
    Vector<double> penalty_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                 const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                                 const ConstMatrixRef<Scalar>& v) const override;
    /// x_new = phi(u - g/lambda).
    void respond(Index layer, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                 const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s) const override;
    void minimizer(Index layer, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                   MatrixRef<Scalar> x) const override;
    void weigh(const std::vector<double>& lambda) override { lambda_ = lambda; }
    /// lambda dD/da at x_new.
    Vector<double> coefficient_slopes(Index layer, const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const override;

  protected:
    double lambda(Index layer) const { return lambda_[static_cast<std::size_t>(layer - 1)]; }
    const Activation& activation(Index layer) const { return spec_.activation(layer); }
    Index entries(Index layer) const { return activation(layer).traits().entries; }

  private:
    template <typename Real>
    void step(Index layer, const ConstMatrixRef<Real>& u, const ConstMatrixRef<Real>& g, double t,
              const ConstMatrixRef<Real>& y, MatrixRef<Real> to) const;
    bool newton(Index layer, double s, const ConstMatrixRef<Scalar>& u,
                const ConstMatrixRef<Scalar>& x, const Vector<Scalar>& q,
                MatrixRef<Scalar> d) const;

    const NetworkSpec& spec_;
    std::vector<double> lambda_;
    int iterations_;
    BlockMethod method_;
    std::vector<double> lengths_;
};

/// @throws UsageError where an activation is not the minimizer of a convex problem with a proximal
/// map, or phi jumps.
void check_gap_penalty(const NetworkSpec& spec, const std::string& formulation);

}  // namespace hoist
