#pragma once

#include "hoist/formulation/formulation.hpp"

namespace hoist {

/// The method of auxiliary coordinates (Carreira-Perpinan and Wang 2014) with a quadratic penalty:
/// D(x, u) = 1/2 |x - phi(u)|^2, whose slope phi'(u)' (phi(u) - x) holds the derivative of phi, and
/// which carries every activation that has one.
template <typename Scalar>
class Mac : public Formulation<Scalar> {
  public:
    Mac(const NetworkSpec& spec, const FormulationOptions& options);

    Vector<double> penalty(Index layer, const ConstMatrixRef<Scalar>& x,
                           const ConstMatrixRef<Scalar>& u) const override;
    void signal(Index layer, const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u,
                MatrixRef<Scalar> s) const override;
    /// lambda Lip(phi)^2: a bound where phi'' is left out.
    double pull_weight(Index layer) const override;
    bool keeps_domain() const override { return false; }
    void prepare(Index layer, const LinearMap<Scalar>& map, double weight_above) override;
    /// Gradient steps x <- (lambda phi(u) - g + x/t) / (lambda + 1/t), by backtracking, as
    /// pull_weight() is no bound.
    void update_activations(Index layer, const LinearMap<Scalar>& map,
                            const ConstMatrixRef<Scalar>& u, const Above<Scalar>& above,
                            MatrixRef<Scalar> x) override;
    void minimize(Index layer, const LinearMap<Scalar>& map, const ConstMatrixRef<Scalar>& u,
                  const ConstMatrixRef<Scalar>& x, const ChangeAbove<Scalar>& above,
                  MatrixRef<Scalar> r) override;
    void residual_signal(Index layer, const ConstMatrixRef<Scalar>& r,
                         const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const override;
    void residual_after(Index layer, const ConstMatrixRef<Scalar>& r,
                        const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                        const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> after) const override;
    Vector<double> penalty_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                 const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                                 const ConstMatrixRef<Scalar>& v) const override;
    /// x_new = phi(u) - g/lambda, so that s is the back-propagated error whatever lambda is.
    void respond(Index layer, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                 const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> s) const override;
    void minimizer(Index layer, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                   MatrixRef<Scalar> x) const override;
    void weigh(const std::vector<double>& lambda) override { options_.lambda = lambda; }
    Vector<double> coefficient_slopes(Index layer, const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const override;

  protected:
    double lambda(Index layer) const { return options_.lambda_of(layer); }
    const Activation& activation(Index layer) const { return spec_.activation(layer); }

  private:
    const NetworkSpec& spec_;
    FormulationOptions options_;
    std::vector<double> lengths_;
};

/// @throws UsageError for an activation that has no derivative to follow.
void check_mac(const NetworkSpec& spec, const std::string& formulation);

}  // namespace hoist
