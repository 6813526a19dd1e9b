#include "hoist/train/inversion.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/counter_random.hpp"
#include "hoist/base/error.hpp"
#include "hoist/math/simplex.hpp"

namespace hoist {

namespace {

// Gaps where all activations have one.
FormulationOptions penalty_of(const NetworkSpec& network, const InversionOptions& options) {
    FormulationOptions formulation;
    const bool gaps = std::ranges::all_of(
        network.activations, [](const auto& activation) { return activation->traits().minimizer; });
    formulation.name = gaps ? "fenchel" : "mac";
    formulation.lambda = options.lambda;
    formulation.iterations = options.steps;
    return formulation;
}

/// gap(y, u) above the last map.
class GapAbove final : public Above<double> {
  public:
    GapAbove(const Activation& phi, const ConstMatrixRef<double>& y) : phi_(phi), y_(y) {}

    Vector<double> energy(const ConstMatrixRef<double>& u) const override {
        return phi_.gap(y_, u);
    }
    void slope(const ConstMatrixRef<double>& u, MatrixRef<double> s) const override {
        phi_.apply(u, s);
        s -= y_;
    }
    double weight() const override { return phi_.traits().lipschitz; }
    ConstMatrixRef<double> target() const override {
        require(false, "a gap is no quadratic");
        return y_;
    }

  private:
    const Activation& phi_;
    ConstMatrixRef<double> y_;
};

}  // namespace

const char* to_text(Ending ending) {
    switch (ending) {
        case Ending::settled:
            return "settled";
        case Ending::most_sweeps:
            return "sweeps";
        default:
            return "unreached";
    }
}

Inversion::Inversion(const NetworkSpec& network, const Stage<double>& stage,
                     InversionOptions options, Standardization unit)
    : network_(network), options_(std::move(options)), unit_(std::move(unit)) {
    require(options_.layer >= 0 && options_.layer <= network.hidden() &&
                stage.layers == Range{0, network.layers()},
            "an inversion has all maps, and its layer is one of the network");
    const FormulationOptions penalty = penalty_of(network, options_);
    formulation_ = make_formulation<double>(network_, penalty);
    output_ = make_output_block<double>(Output::linear, OutputOptions{});
    if (holds_outputs() && options_.scores &&
        (network_.output == Output::softmax || network_.output == Output::simplex)) {
        scores_ = parse_activation(to_text(network_.output));
    }
    method_ = penalty.name == "mac" ? BlockMethod::adaptive : BlockMethod::accelerated;
    const Index end = holds_outputs() ? network.layers() : options_.layer;
    for (Index l = 0; l < end; ++l) {
        maps_.push_back(stage.map(l));
    }
    const auto weight = [&](Index l) {
        return scores_ && l + 1 == end           ? scores_->traits().lipschitz
               : holds_outputs() && l + 1 == end ? output_->weight()
                                                 : formulation_->pull_weight(l + 1);
    };
    for (Index l = 1; l < end; ++l) {
        formulation_->prepare(l, map(l), weight(l));
    }
    const double norm = first_norm();
    curvature_ = std::max(weight(0) * norm * norm, 1e-12);
}

void Inversion::apply_first(const ConstMatrixRef<double>& x, Matrix<double>& u) const {
    u.resize(map(0).outputs(), x.cols());
    if (unit_.empty()) {
        map(0).apply(x, u);
        return;
    }
    Matrix<double> given = x;
    standardize(unit_, given);
    map(0).apply(given, u);
}

void Inversion::pull_back_first(const ConstMatrixRef<double>& s, Matrix<double>& g) const {
    g.resize(map(0).inputs(), s.cols());
    map(0).pull_back(s, g);
    if (!unit_.empty()) {
        g.array().colwise() *= unit_.scale.array();
    }
}

// Of the first map as a function of x_0. A bound, or what the power method finds with a margin where that is less: the
// bound of a convolution counts each window as if it stood alone.
double Inversion::first_norm() const {
    constexpr int iterations = 60;
    constexpr double margin = 1.05;
    const double widest = unit_.empty() ? 1.0 : unit_.scale.maxCoeff();
    const double bound = map(0).norm_bound() * widest;
    Matrix<double> x = Matrix<double>::NullaryExpr(map(0).inputs(), 1, [](Index i, Index) {
        return 1.0 + 0.5 * std::sin(static_cast<double>(i));
    });
    Matrix<double> shift(map(0).outputs(), 1);
    apply_first(Matrix<double>::Zero(x.rows(), 1), shift);
    Matrix<double> u;
    double square = 0.0;
    for (int i = 0; i < iterations; ++i) {
        x /= std::max(x.norm(), 1e-300);
        apply_first(x, u);
        pull_back_first(u - shift, x);
        square = x.norm();
    }
    return std::min(bound, margin * std::sqrt(square));
}

Inversion::State Inversion::forward(Matrix<double> x) const {
    State state;
    const Index columns = x.cols();
    state.x.push_back(std::move(x));
    state.u.emplace_back();
    for (Index l = 0; l < maps(); ++l) {
        if (l > 0) {
            state.x.emplace_back(network_.block(l).size(), columns);
            network_.activation(l).apply(state.u.back(), state.x.back());
        }
        state.u.emplace_back(map(l).outputs(), columns);
        if (l == 0) {
            apply_first(state.x.front(), state.u.back());
        } else {
            map(l).apply(state.x.back(), state.u.back());
        }
    }
    return state;
}

Matrix<double> Inversion::answer(const State& state) const {
    const Activation* last = activation_of_held();
    if (last == nullptr) {
        return state.u.back();
    }
    Matrix<double> phi(network_.block(maps()).size(), state.u.back().cols());
    last->apply(state.u.back(), phi);
    return phi;
}

Matrix<double> Inversion::answer(const ConstMatrixRef<double>& x) const {
    return answer(forward(x));
}

const Activation* Inversion::activation_of_held() const {
    return holds_outputs() ? scores_.get() : &network_.activation(maps());
}

Matrix<double> Inversion::held_values(const GivenValues& given) const {
    constexpr double deviations = 3.0;
    const Matrix<double>& y = given.y;
    require(given.noise.size() == y.cols(), "every column has its noise");
    if (activation_of_held() == nullptr) {
        return y;
    }
    const Activation& phi = *activation_of_held();
    if (phi.name() == "softmax" || phi.name() == "simplex") {
        Matrix<double> nearest(y.rows(), y.cols());
        project_onto_simplex<double>(y, nearest);
        return nearest;
    }
    const ActivationTraits traits = phi.traits();
    Matrix<double> held = y.cwiseMax(traits.lower).cwiseMin(traits.upper);
    for (Index j = 0; traits.projection && j < y.cols(); ++j) {
        const double near = deviations * given.noise[j] / std::sqrt(static_cast<double>(y.rows()));
        auto column = held.col(j).array();
        column = (column <= traits.lower + near).select(traits.lower, column);
        column = (column >= traits.upper - near).select(traits.upper, column);
    }
    return held;
}

// All inputs zero, in the unit of the network. Where maxima are taken a constant picture is a kink, from which no slope
// leads down: there, a little noise, the same for all.
Inversion::State Inversion::start(Index columns) const {
    constexpr double little = 0.05;
    Matrix<double> x = Matrix<double>::Zero(network_.inputs(), columns);
    if (method_ == BlockMethod::adaptive) {
        CounterRandom random(1, Purpose::inversion, {});
        for (Index i = 0; i < network_.inputs(); ++i) {
            x.row(i).setConstant(little * random.normal());
        }
    }
    if (!unit_.empty()) {
        x = ((x.array().colwise() / unit_.scale.array()).matrix().colwise() + unit_.mean).eval();
    }
    return forward(std::move(x));
}

void Inversion::propagate(State& state) const {
    apply_first(state.x[0], state.u[1]);
    for (Index l = 1; l < maps(); ++l) {
        const auto at = static_cast<std::size_t>(l);
        map(l).apply(state.x[at], state.u[at + 1]);
    }
}

std::unique_ptr<Above<double>> Inversion::above(Index l, const State& state,
                                                const Matrix<double>& y) const {
    if (l + 1 < maps()) {
        return std::make_unique<PenaltyAbove<double>>(*formulation_, l + 1,
                                                      state.x[static_cast<std::size_t>(l + 1)]);
    }
    if (scores_) {
        return std::make_unique<GapAbove>(*scores_, y);
    }
    if (holds_outputs()) {
        return std::make_unique<OutputAbove<double>>(*output_, y, y);
    }
    return std::make_unique<PenaltyAbove<double>>(*formulation_, maps(), y);
}

void Inversion::sweep(State& state, const Matrix<double>& y, Prior& prior,
                      const Vector<double>& alpha) const {
    for (Index l = maps() - 1; l > 0; --l) {
        const auto at = static_cast<std::size_t>(l);
        formulation_->update_activations(l, map(l), state.u[at], *above(l, state, y), state.x[at]);
    }
    move_input(state, *above(0, state, y), prior, alpha);
    propagate(state);
}

void Inversion::move_input(State& state, const Above<double>& above, Prior& prior,
                           const Vector<double>& alpha) const {
    ProximalProblem<double> problem;
    problem.length = 1.0 / curvature_;
    Matrix<double> u;
    Matrix<double> s;
    problem.gradient = [&](const Matrix<double>& x, Matrix<double>& g) {
        apply_first(x, u);
        s.resize(u.rows(), u.cols());
        above.slope(u, s);
        pull_back_first(s, g);
    };
    problem.value = [&](const Matrix<double>& x) {
        apply_first(x, u);
        return above.energy(u);
    };
    problem.step = [&](Range columns, const Matrix<double>& x, const Matrix<double>& g, double t,
                       Matrix<double>& next) {
        prior.prox(columns, t * alpha, part(x, columns) - t * part(g, columns),
                   part(next, columns));
    };
    const int steps = maps() == 1 ? options_.lone_steps : options_.steps;
    proximal_gradient<double>(problem, method_, steps, state.x[0]);
}

Vector<double> Inversion::energy(const State& state, const Matrix<double>& y, const Prior& prior,
                                 const Vector<double>& alpha) const {
    Vector<double> sum = alpha.cwiseProduct(prior.value(state.x[0]));
    for (Index l = 0; l < maps(); ++l) {
        sum += above(l, state, y)->energy(state.u[static_cast<std::size_t>(l + 1)]);
    }
    return sum;
}

Vector<double> Inversion::residuals(const State& state, const Matrix<double>& y) const {
    return (answer(state.x[0]) - y).colwise().norm().transpose();
}

FoundInputs Inversion::found(const State& state, const Matrix<double>& held,
                             const Matrix<double>& y, Prior& prior,
                             const Vector<double>& alpha) const {
    const auto columns = static_cast<std::size_t>(y.cols());
    return {state.x[0],
            alpha,
            residuals(state, y),
            energy(state, held, prior, alpha),
            std::vector<int>(columns, 0),
            std::vector<Ending>(columns, Ending::settled)};
}

}  // namespace hoist
