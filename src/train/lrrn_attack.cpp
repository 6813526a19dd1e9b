#include "hoist/train/lrrn_attack.hpp"

#include <random>

#include "hoist/base/random.hpp"
#include "hoist/train/relaxed_pass.hpp"

namespace hoist {

namespace {

// Moves of the inputs, a column for each sample of this rank, in the unit of the data. On the first stage.
class Moves {
  public:
    Moves(Index inputs, Range columns, const std::vector<double>& radii)
        : columns_(columns), radii_(radii), moves_(inputs, columns.size()) {}

    const Matrix<double>& operator()() const { return moves_; }

    /// Onto the spheres, in random directions; the same on every grid.
    void draw(std::uint64_t seed, int start) {
        for (Index i = 0; i < moves_.cols(); ++i) {
            std::mt19937_64 engine =
                random_engine(seed, Purpose::attack,
                              static_cast<std::uint64_t>(columns_.begin + i) * 1000 +
                                  static_cast<std::uint64_t>(start));
            std::normal_distribution<double> normal;
            for (Index k = 0; k < moves_.rows(); ++k) {
                moves_(k, i) = normal(engine);
            }
            moves_.col(i) *= radius(i) / std::max(moves_.col(i).norm(), 1e-300);
        }
    }
    void step(const Matrix<double>& slope) {
        constexpr double length = 1.0 / 3.0;
        for (Index i = 0; i < moves_.cols(); ++i) {
            const double size = slope.col(i).norm();
            if (size > 0.0) {
                moves_.col(i) += (length * radius(i) / size) * slope.col(i);
            }
            const double reached = moves_.col(i).norm();
            if (reached > radius(i)) {
                moves_.col(i) *= radius(i) / reached;
            }
        }
    }

  private:
    // A little inside, so that the rounding of the moved inputs does not leave the ball.
    double radius(Index i) const {
        constexpr double inside = 1.0 - 1e-5;
        return inside * radii_[static_cast<std::size_t>(columns_.begin + i)];
    }

    Range columns_;
    const std::vector<double>& radii_;
    Matrix<double> moves_;
};

}  // namespace

template <typename Scalar>
std::vector<bool> attack(const FormulationOptions& options, const Communicator& world,
                         const Placement& placement, const Stage<Scalar>& stage,
                         const Samples<Scalar>& samples, const std::vector<Index>& classes,
                         const std::vector<double>& radii, const Vector<double>& unit,
                         const AttackOptions& how) {
    PhaseTimes times;
    LrrnRelaxation<Scalar> relaxation(options, world, placement, stage, samples.blocks.count(),
                                      samples.own, times, Exchange::Channel::evaluation);
    relaxation.prepare();
    typename LrrnRelaxation<Scalar>::Layout layout;
    for (Index block = samples.own.begin; block < samples.own.end; ++block) {
        layout.push_back(samples.local(block));
    }
    relaxation.resize(layout, After::adjoint);
    relaxation.layers().restart();
    std::vector<double> changed(classes.size(), 0.0);
    const bool first = placement.first(world.rank());
    Moves moves(first ? stage.network.inputs() : 0, first ? samples.columns : Range{0, 0}, radii);
    Matrix<Scalar> moved;
    const auto look = [&](bool goes_on) {
        if (first) {
            moved = samples.inputs + (unit.asDiagonal() * moves()).template cast<Scalar>();
        }
        relaxation(
            to_the_minimum,
            [&](Index block, MatrixRef<Scalar> u) {
                stage.map(0).apply(part(moved, samples.local(block)), u);
            },
            [&](Index block, const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> slope) {
                slope.setZero();
                for (Index i = 0; i < u.cols(); ++i) {
                    const auto sample =
                        static_cast<std::size_t>(samples.blocks.columns(block).begin + i);
                    const Index own = classes[sample];
                    Vector<Scalar> others = u.col(i);
                    others[own] = -std::numeric_limits<Scalar>::infinity();
                    Index other = 0;
                    const Scalar most = others.maxCoeff(&other);
                    changed[sample] = most > u(own, i) ? 1.0 : changed[sample];
                    slope(other, i) = Scalar{1};
                    slope(own, i) = Scalar{-1};
                }
                return goes_on;
            });
    };
    for (int start = 0; start < how.starts; ++start) {
        moves.draw(how.seed, start);
        for (int step = 0; step < how.steps; ++step) {
            look(true);
            if (first) {
                Matrix<Scalar> slope(stage.network.inputs(), samples.columns.size());
                relaxation.layers().term(0).linear_downward(relaxation.layers().w(1), slope);
                moves.step(unit.asDiagonal() * slope.template cast<double>());
            }
        }
        look(false);
    }
    world.sum(std::span(changed));
    std::vector<bool> found;
    for (const double count : changed) {
        found.push_back(count > 0.0);
    }
    return found;
}

template std::vector<bool> attack(const FormulationOptions&, const Communicator&, const Placement&,
                                  const Stage<float>&, const Samples<float>&,
                                  const std::vector<Index>&, const std::vector<double>&,
                                  const Vector<double>&, const AttackOptions&);
template std::vector<bool> attack(const FormulationOptions&, const Communicator&, const Placement&,
                                  const Stage<double>&, const Samples<double>&,
                                  const std::vector<Index>&, const std::vector<double>&,
                                  const Vector<double>&, const AttackOptions&);

}  // namespace hoist
