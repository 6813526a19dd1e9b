#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hoist/formulation/above.hpp"
#include "hoist/formulation/proximal_gradient.hpp"
#include "hoist/formulation/spline_loss.hpp"
#include "hoist/model/linear_map.hpp"
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

/// Which way the output is nudged (contrastive).
enum class Nudge { positive, negative, both };
/// contrastive: the two states of dual propagation, or the clamped state with a discount.
enum class Contrast { dual, clamped };
/// lrrn: the phase that follows the free one, and what the weights learn from it. The loss of the output has its
/// exact gradient by its adjoint, or by two states that are nudged along its slope and against it. `clamped` is the
/// difference of the energies of the state whose output is the target and of the free one, `class_energy` the energy
/// of the former.
enum class LrrnPhase { adjoint, nudged, clamped, class_energy };

/// The [formulation] section: which penalty replaces x = phi(u), and its numbers.
struct FormulationOptions {
    std::string name = "classical";
    /// lambda_1, ..., lambda_L (and lambda_{L+1} where the output is an explicit block).
    std::vector<double> lambda;
    /// What the lambda of the hidden layers have become when so large a share of the run is over; on
    /// the way log lambda is linear.
    std::vector<double> lambda_end;
    double lambda_until = 0.7;
    NnlsOptions nnls;

    /// Steps of each block; 1 is the one step of any length that has a closed form.
    int iterations = 1;
    /// Passes over a mini-batch, at most; from the second on all activations approach their joint minimum.
    int passes = 1;
    /// The residual for which batches pass no more often; 0: each passes `passes` times.
    double tolerance = 0.0;
    BlockMethod method = BlockMethod::accelerated;

    Contrast contrast = Contrast::dual;
    Nudge nudge = Nudge::both;
    double beta = 1.0;
    double gamma = 0.5;

    /// lrrn: beta_1, ..., beta_{L+1}, of the map below each block; the last is that of the output.
    std::vector<double> reconstruction;
    /// Of a relaxation, in each phase of a batch, at most.
    int sweeps = 8;
    LrrnPhase phase = LrrnPhase::adjoint;
    /// How far the output is nudged, in slopes of its loss.
    double nudge_strength = 0.1;
    /// tau of the loss tau CE(u / tau).
    double temperature = 1.0;
    /// Of network.output = spline.
    SplineLoss loss = {};
    /// What the loss takes from the score of the true class before it compares.
    double offset = 0.0;
    /// The weight of the mean free energy beside the loss.
    double energy = 0.0;
    /// What the Lipschitz constant of the network is kept at or below; infinite: nothing is kept.
    double lipschitz = 1.0;

    bool is_lrrn() const { return name == "lrrn"; }
    /// Whether a phase holds the output at the targets.
    bool clamps() const { return phase == LrrnPhase::clamped || phase == LrrnPhase::class_energy; }
    double beta_of_map(Index map) const { return reconstruction[static_cast<std::size_t>(map)]; }

    /// Of the simplex block, the last one.
    double output_lambda() const { return lambda.back(); }
    double lambda_of(Index layer) const { return lambda[static_cast<std::size_t>(layer - 1)]; }
    /// Whether lambda stays as it is.
    bool constant() const { return lambda_end.empty(); }
    /// lambda where `position`, from 0 to 1, of the run is over.
    std::vector<double> lambda_at(double position) const;
    /// Passes over the first batch, and over the batch after one that passed so often and was left with such
    /// a residual: one more where it is too large, and one less where it is a hundredth of the tolerance, which
    /// is more than a pass takes.
    int first_passes() const { return tolerance > 0.0 ? 2 : passes; }
    int next_passes(int before, double residual) const;
};

/// What replaces the constraint x_l = phi_l(u_l): a penalty D(x, u) and its two minimizations.
/// Local to a rank: sees blocks of columns, never how they are distributed. `layer` is the l of
/// x_l, 1 <= l <= L.
template <typename Scalar>
class Formulation {
  public:
    virtual ~Formulation() = default;

    /// lambda_l D(x_l, u_l) of each column.
    virtual Vector<double> penalty(Index layer, const ConstMatrixRef<Scalar>& x,
                                   const ConstMatrixRef<Scalar>& u) const = 0;
    /// s = lambda_l dD/du (x_l, u_l): the error signal of layer l.
    virtual void signal(Index layer, const ConstMatrixRef<Scalar>& x,
                        const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const = 0;
    /// lambda_l c, the curvature of the quadratic in u that is never below lambda_l D and touches
    /// it.
    virtual double pull_weight(Index layer) const = 0;
    /// Whether that quadratic is lambda_l D itself, so that its minimizer is x_l.
    virtual bool quadratic() const { return false; }
    /// Whether x_l stays in the domain of F, so that gap(x_l, u_l) is finite.
    virtual bool keeps_domain() const { return true; }

    /// Takes note of new weights W_l leaving layer l, whose upper neighbor pulls with
    /// `weight_above`.
    virtual void prepare(Index layer, const LinearMap<Scalar>& map, double weight_above) = 0;
    /// Lowers lambda_l D(x_l, u_l) + above(W_l x_l + b_l) over x_l, in place from its value on
    /// entry. @pre prepare() since W_l changed.
    virtual void update_activations(Index layer, const LinearMap<Scalar>& map,
                                    const ConstMatrixRef<Scalar>& u, const Above<Scalar>& above,
                                    MatrixRef<Scalar> x) = 0;

    /// The same on mini-batches, from x_l = phi(u_l). What is told of the x_l reached is its residual
    /// r = lambda_l (phi(u_l) - x_l), which a difference of two matrices in Scalar would blur, more
    /// so the larger lambda_l is.
    /// @param x = phi(u). @param above as it changes with W_l x_l + b_l. @param r n_l x B.
    /// @pre prepare() since W_l changed.
    virtual void minimize(Index layer, const LinearMap<Scalar>& map,
                          const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                          const ChangeAbove<Scalar>& above, MatrixRef<Scalar> r) = 0;
    /// s = lambda_l dD/du of the x_l whose residual at u is r.
    virtual void residual_signal(Index layer, const ConstMatrixRef<Scalar>& r,
                                 const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const;
    /// The residual at u + v of the x_l whose residual at u is r. @param x phi(u).
    virtual void residual_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& x,
                                const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> after) const = 0;
    /// Its lambda_l D of each column at u + v, up to a constant for each.
    virtual Vector<double> penalty_after(Index layer, const ConstMatrixRef<Scalar>& r,
                                         const ConstMatrixRef<Scalar>& u,
                                         const ConstMatrixRef<Scalar>& x,
                                         const ConstMatrixRef<Scalar>& v) const = 0;

    /// The error signal of layer l after one unlimited step from the feed-forward state (the case
    /// in which the limit of a weak loss is back-propagation): x_new minimizes lambda_l D(x, u) +
    /// <g, x> where that has a closed form, and s = signal(x_new, u).
    /// @param g n_l x B, the slope of what is above in x_l. @param x = phi(u).
    virtual void respond(Index layer, const ConstMatrixRef<Scalar>& u,
                         const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                         MatrixRef<Scalar> s) const = 0;

    /// The x_l that minimizes lambda_l D(x, u) + <g, x>: where respond() leads, in numbers that are used
    /// as they are. @pre the formulation passes more than once.
    virtual void minimizer(Index layer, const ConstMatrixRef<Scalar>& u,
                           const ConstMatrixRef<Scalar>& g, MatrixRef<Scalar> x) const;
    /// The lambda from here on. @pre prepare() follows.
    virtual void weigh(const std::vector<double>& lambda) = 0;

    /// The derivative by the coefficients of phi_l of what respond() lowers, summed over the columns.
    /// @pre the activation has coefficients that are learned.
    virtual Vector<double> coefficient_slopes(Index layer, const ConstMatrixRef<Scalar>& u,
                                              const ConstMatrixRef<Scalar>& g) const;

    /// Whether the penalty is convex in all activations together, so that they can move at once.
    virtual bool jointly_convex() const { return false; }
    /// One proximal-gradient step of the problem over all activations at once, from y to x, where
    /// `slope` is that of what is above by W_l y + b_l. @pre jointly_convex().
    virtual void gradient_step(Index layer, const LinearMap<Scalar>& map,
                               const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& slope,
                               double step, const ConstMatrixRef<Scalar>& y,
                               MatrixRef<Scalar> x) const;
};

/// @param spec must outlive it. @throws UsageError for a name that is not registered, or an activation
/// that the formulation cannot carry (with the reason and an alternative).
template <typename Scalar>
std::unique_ptr<Formulation<Scalar>> make_formulation(const NetworkSpec& spec,
                                                      const FormulationOptions& options);

/// Checks that `options` fit the network, without building anything. @throws UsageError as
/// make_formulation.
void check_formulation(const NetworkSpec& spec, const FormulationOptions& options);

std::vector<std::string> formulation_names();

}  // namespace hoist
