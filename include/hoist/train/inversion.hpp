#pragma once

#include <memory>
#include <vector>

#include "hoist/formulation/output_block.hpp"
#include "hoist/formulation/prior.hpp"
#include "hoist/problem/samples.hpp"
#include "hoist/problem/stage.hpp"

namespace hoist {

/// How inputs are searched for.
struct InversionOptions {
    /// The hidden layer whose activations are given; 0: the outputs u_{L+1} are.
    Index layer = 0;
    /// Of outputs: whether the scores phi(u_{L+1}) are, phi softmax or the projection onto the simplex.
    bool scores = false;
    /// lambda_1, ..., lambda_L; that of the layer given weighs H.
    std::vector<double> lambda;
    /// Sweeps over all blocks for one alpha, at most, and the relative change of the energy in one that
    /// ends them.
    int sweeps = 500;
    double tolerance = 1e-5;
    /// Proximal-gradient steps of a block in a sweep; of the input where no other block moves, `lone_steps`.
    int steps = 10;
    int lone_steps = 100;
};

/// Why a search ended: the energy no longer changed; it still did after all sweeps; or the residual that was
/// asked for was not reached with any alpha.
enum class Ending { settled, most_sweeps, unreached };
const char* to_text(Ending ending);

/// y, in columns, and the length of the noise in each.
struct GivenValues {
    Matrix<double> y;
    Vector<double> noise;
};

/// Inputs that were found, and a number for each of them.
struct FoundInputs {
    /// n_0 x columns.
    Matrix<double> x;
    Vector<double> alpha;
    /// |N(x) - y|, where N is the network up to what was given.
    Vector<double> residual;
    /// That which is minimized, alpha R(x) included.
    Vector<double> energy;
    /// Of all alpha that were tried.
    std::vector<int> sweeps;
    std::vector<Ending> ending;
};

/// Inversion of a trained network: for given values y of a hidden layer k or of the outputs (k = L + 1), finds
/// the x_0, and the x_1 .. x_{k-1} between, that minimize
///     sum_{0<l<k} lambda_l D(x_l, A_{l-1}(x_{l-1})) + H(y, A_{k-1}(x_{k-1})) + alpha R(x_0)
/// with H = lambda_k D for a hidden layer, 1/2 |y - u|^2 for the outputs and the gap for scores, D the gap, or 1/2 |x - phi(u)|^2 where
/// an activation has none, and R a Prior (Wang and Benning 2023, "Lifted Bregman training of neural networks" and the
/// inversion of perceptrons there; a single layer has a convex problem, with a unique solution where R is strongly
/// convex). Each block has a convex problem while the others stay, which accelerated proximal-gradient steps lower; a
/// sweep moves x_{k-1} first and x_0 last, each against the newest x above. Columns are samples, and no sample depends
/// on another but in the moment when the sweeps over a matrix end. Local to a rank, in double.
class Inversion {
  public:
    /// @param stage all maps of `network`. @param unit in which the inputs that are found are given and R sees them:
    /// the network takes (x - mean) * scale; empty: its own. Both references must outlive it.
    /// @throws UsageError for an activation that no penalty carries.
    Inversion(const NetworkSpec& network, const Stage<double>& stage, InversionOptions options,
              Standardization unit = {});

    /// What the network makes of inputs: phi_k(u_k), u_{L+1}, or the scores.
    Matrix<double> answer(const ConstMatrixRef<double>& x) const;

    /// @param alpha of each column, positive. @param prior of so many inputs.
    /// @throws NumericalError where the energy is not finite.
    FoundInputs find(const GivenValues& given, Prior& prior, const Vector<double>& alpha) const;
    /// With the largest alpha of each column for which |N(x) - y| is at most `residual`, to within a fifth: the
    /// discrepancy principle (Morozov 1966), where `residual` is a little more than the noise in y. Alpha falls by
    /// factors of 4 until that is so, and is then enclosed by bisection of its logarithm.
    FoundInputs find_within(const GivenValues& given, Prior& prior,
                            const Vector<double>& residual) const;
    /// An alpha for which the prior outweighs most of what y says: the curvature of what is above the first map, as
    /// a function of x_0. The search begins there.
    double large_alpha() const { return curvature_; }

    /// The other way: gradient descent on 1/2 |N(x) - y|^2 from the same start, with step lengths by backtracking, until
    /// it is at most `residual` (Landweber's iteration, nonlinear; Hanke, Neubauer and Scherzer 1995).
    Matrix<double> landweber(const Matrix<double>& y, const Vector<double>& residual,
                             int most_steps) const;

  private:
    /// x_0 in the prior's unit, x_1 .. x_{k-1}, and u_1 .. u_k of some columns.
    struct State {
        std::vector<Matrix<double>> x;
        std::vector<Matrix<double>> u;
    };

    /// phi_k, or that of the scores; none of outputs.
    const Activation* activation_of_held() const;
    Index maps() const { return static_cast<Index>(maps_.size()); }
    bool holds_outputs() const { return options_.layer == 0; }
    const LinearMap<double>& map(Index l) const { return maps_[static_cast<std::size_t>(l)]; }
    void apply_first(const ConstMatrixRef<double>& x, Matrix<double>& u) const;
    void pull_back_first(const ConstMatrixRef<double>& s, Matrix<double>& g) const;
    double first_norm() const;

    /// What the network makes of inputs, up to u_k.
    State forward(Matrix<double> x) const;
    /// phi_k(u_k), or u_{L+1}.
    Matrix<double> answer(const State& state) const;
    State start(Index columns) const;
    void propagate(State& state) const;
    std::unique_ptr<Above<double>> above(Index l, const State& state,
                                         const Matrix<double>& y) const;
    void sweep(State& state, const Matrix<double>& y, Prior& prior,
               const Vector<double>& alpha) const;
    void extrapolate(const State& before, const Vector<double>& momentum, State& state) const;
    static void take_column(const State& from, Index column, State& to);
    void move_input(State& state, const Above<double>& above, Prior& prior,
                    const Vector<double>& alpha) const;
    Vector<double> energy(const State& state, const Matrix<double>& y, const Prior& prior,
                          const Vector<double>& alpha) const;
    /// @return the sweeps of each column until its energy settled.
    std::vector<int> settle(State& state, const Matrix<double>& y, Prior& prior,
                            const Vector<double>& alpha, double tolerance) const;
    Matrix<double> slope_of_misfit(const Matrix<double>& x, const Matrix<double>& y) const;
    Vector<double> residuals(const State& state, const Matrix<double>& y) const;
    FoundInputs found(const State& state, const Matrix<double>& held, const Matrix<double>& y,
                      Prior& prior, const Vector<double>& alpha) const;
    /// The nearest values that phi_k can have, for which H is finite. Of the piecewise linear phi_k that end in a bound,
    /// what is within three deviations of the noise from it counts as it: noise on a unit that is off would else say
    /// that u is there, and the gap grows with the distance of u, not with the noise.
    Matrix<double> held_values(const GivenValues& given) const;

    const NetworkSpec& network_;
    InversionOptions options_;
    Standardization unit_;
    std::vector<LinearMap<double>> maps_;
    std::unique_ptr<Formulation<double>> formulation_;
    std::unique_ptr<OutputBlock<double>> output_;
    std::shared_ptr<const Activation> scores_;
    BlockMethod method_;
    /// Of what is above the first map, as a function of x_0.
    double curvature_ = 0.0;
};

}  // namespace hoist
