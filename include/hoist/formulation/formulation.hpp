#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hoist/model/layer.hpp"
#include "hoist/model/network_spec.hpp"

namespace hoist {

/// How the blocks of non-negative (or boxed) least squares are solved.
struct NnlsOptions {
    enum class Method { coordinate_descent, block_pivoting };
    Method method = Method::coordinate_descent;
    /// Coordinate descent stops after so many sweeps or at this tolerance, relative to the largest
    /// right-hand side.
    int sweeps = 2;
    double tolerance = 0.0;

    bool operator==(const NnlsOptions&) const = default;
};

/// The [formulation] section: which penalty replaces x = phi(u), and its numbers.
struct FormulationOptions {
    std::string name = "classical";
    /// lambda_1, ..., lambda_L (and lambda_{L+1} where the output is an explicit block).
    std::vector<double> lambda;
    NnlsOptions nnls;

    /// Of the simplex block, the last one.
    double output_lambda() const { return lambda.back(); }
    double lambda_of(Index layer) const { return lambda[static_cast<std::size_t>(layer - 1)]; }
};

/// What replaces the constraint x_l = phi_l(u_l): a penalty D(x, u) and its two minimizations.
/// Local to a rank: sees blocks of columns, never how they are distributed. `layer` is the l of
/// x_l, 1 <= l <= L. What lies above a layer is a quadratic weight/2 |T - W_l x_l - b_l|^2: T and
/// weight come from pull() of the layer above or from the OutputBlock.
template <typename Scalar>
class Formulation {
  public:
    virtual ~Formulation() = default;

    /// lambda_l D(x_l, u_l) of each column.
    virtual Vector<double> penalty(Index layer, const ConstMatrixRef<Scalar>& x,
                                   const ConstMatrixRef<Scalar>& u) const = 0;

    /// The weight of layer l's quadratic majorizer, lambda_l times its curvature bound c.
    virtual double pull_weight(Index layer) const = 0;
    /// T = u - r(x, u)/c, the target that x_l sets to the layer below; a view of x where they are
    /// equal, else of `scratch`.
    virtual ConstMatrixRef<Scalar> pull(Index layer, const ConstMatrixRef<Scalar>& x,
                                        const ConstMatrixRef<Scalar>& u,
                                        Matrix<Scalar>& scratch) const = 0;

    /// Takes note of new weights W_l leaving layer l, whose upper neighbor pulls with
    /// `weight_above`.
    virtual void prepare(Index layer, const Weights<Scalar>& weights, double weight_above) = 0;
    /// Minimizes over x_l (in place, from its value on entry), given u_l and the target above. @pre
    /// prepare() since W_l changed.
    virtual void update_activations(Index layer, const Weights<Scalar>& weights,
                                    const ConstMatrixRef<Scalar>& u,
                                    const ConstMatrixRef<Scalar>& target_above,
                                    MatrixRef<Scalar> x) = 0;

    /// One projected gradient step of the problem over all activations at once (jointly convex
    /// penalties): x = phi-domain projection of y - step (lambda_l (y - u_l) + W_l' pull), where
    /// pull = weight (W_l y + b_l - T).
    virtual void gradient_step(Index layer, const Weights<Scalar>& weights,
                               const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& pull,
                               double step, const ConstMatrixRef<Scalar>& y,
                               MatrixRef<Scalar> x) const = 0;
};

/// @throws UsageError for a name that is not registered, or an activation that the formulation
/// cannot carry (with the reason and an alternative).
template <typename Scalar>
std::unique_ptr<Formulation<Scalar>> make_formulation(const NetworkSpec& spec,
                                                      const FormulationOptions& options);

/// Checks that `options` fit the network, without building anything. @throws UsageError as
/// make_formulation.
void check_formulation(const NetworkSpec& spec, const FormulationOptions& options);

std::vector<std::string> formulation_names();

}  // namespace hoist
