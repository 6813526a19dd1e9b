#include "hoist/math/orthogonal.hpp"
#include "hoist/math/solver_work.hpp"
#include "hoist/math/spectral_norm.hpp"
#include "hoist/model/linear_map.hpp"
#include "hoist/model/map_work.hpp"
#include "hoist/train/look_ahead.hpp"
#include "spend.hpp"

namespace hoist {

namespace {

// So many columns that nobody looks into.
template <typename Scalar>
Eigen::Map<const Matrix<Scalar>> unseen(Index rows, Index columns) {
    return {nullptr, rows, columns};
}

}  // namespace

template <typename Scalar>
void LinearMap<Scalar>::apply(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar>) const {
    spend(MapWork(kernels_of<Scalar>, spec_).apply(size_of(x.cols())));
}

template <typename Scalar>
void LinearMap<Scalar>::pull_back(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar>) const {
    spend(MapWork(kernels_of<Scalar>, spec_).pull_back(size_of(s.cols())));
}

template <typename Scalar>
void LinearMap<Scalar>::pairs(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>&,
                              const Pair& visit) const {
    const Index columns = spec_.places() * x.cols();
    visit(unseen<Scalar>(spec_.inputs(), columns), unseen<Scalar>(spec_.outputs(), columns), 0);
}

template <typename Scalar>
ConstMatrixRef<Scalar> LinearMap<Scalar>::target(const ConstMatrixRef<Scalar>&,
                                                 const ConstMatrixRef<Scalar>& t,
                                                 Matrix<Scalar>&) const {
    return t;
}

template <typename Scalar>
void LinearMap<Scalar>::visit_windows(
    const ConstMatrixRef<Scalar>& x,
    const std::function<void(const ConstMatrixRef<Scalar>&)>& visit) const {
    visit(unseen<Scalar>(spec_.inputs(), spec_.places() * x.cols()));
}

template <typename Scalar>
void LookAhead<Scalar>::before_step(Range, Index) {}

template <typename Scalar>
void LookAhead<Scalar>::after_step(Range layers, Index late) {
    for (Index l = layers.begin; wanted_ && late > 0 && l < layers.end; ++l) {
        spend(MapWork(kernels_of<Scalar>, stage_.network.map(l)).predict());
    }
}

template <typename Scalar>
double LinearMap<Scalar>::norm_bound() const {
    return spectral_norm_bound<Scalar>(weights_->matrix);
}

template <typename Scalar>
double LinearMap<Scalar>::squared_norm() const {
    return weights_->matrix.template cast<double>().squaredNorm();
}

template <typename Scalar>
Matrix<double> Weights<Scalar>::solution() const {
    return Matrix<double>(matrix.cols() + 1, matrix.rows());
}

template <typename Scalar>
Weights<Scalar> Weights<Scalar>::folded() const {
    return *this;
}

template <typename Scalar>
void Weights<Scalar>::assign(const ConstMatrixRef<double>&) {}

template <typename Scalar>
Weights<Scalar> initial_weights(const MapSpec& map, Start, double, std::uint64_t, Index) {
    Weights<Scalar> weights;
    weights.matrix.resize(map.outputs(), map.inputs());
    weights.bias.setZero(map.outputs());
    return weights;
}

template <typename Scalar>
void make_orthogonal(Matrix<Scalar>&) {}

template <typename Scalar>
void center_filters(const Windows&, MatrixRef<Scalar>) {}
template void center_filters(const Windows&, MatrixRef<float>);
template void center_filters(const Windows&, MatrixRef<double>);

namespace {

template <typename Scalar>
class SimulatedSolver final : public WeightSolver<Scalar> {
  public:
    using WeightSolver<Scalar>::WeightSolver;

  private:
    void move(const BatchEquations<Scalar>&, double, Matrix<Scalar>& matrix,
              Vector<Scalar>&) override {
        const Team<Scalar>& team = this->team();
        spend(solver_work(this->options(), size_of(matrix.cols()), size_of(matrix.rows()),
                          sizeof(Scalar), size_of(team.size())));
        if (this->options().kind == WeightSolverOptions::Kind::muon && team.size() > 1) {
            orthogonalize(matrix);
        }
    }

    // The messages of five steps.
    void orthogonalize(Matrix<Scalar>& matrix) {
        const Index less = std::min(matrix.rows(), matrix.cols());
        Matrix<Scalar> square(less, less);
        for (int step = 0; step < 5; ++step) {
            this->team().sum({square.data(), static_cast<std::size_t>(less * (less + 1) / 2)});
            if (this->team().size() > 2) {
                this->team().gather(square);
            }
        }
        if (!this->divided()) {
            this->team().gather(matrix);
        }
    }
};

}  // namespace

std::vector<SolverState> solver_states(const WeightSolverOptions&, Index, Index) { return {}; }

template <typename Scalar>
WeightSolver<Scalar>::WeightSolver(const WeightSolverOptions& options, Index inputs, Index outputs,
                                   const Team<Scalar>& team)
    : options_(options), inputs_(inputs), outputs_(outputs), team_(team) {}

template <typename Scalar>
void WeightSolver<Scalar>::begin(const Matrix<Scalar>&, const Vector<Scalar>&) {}

template <typename Scalar>
void WeightSolver<Scalar>::step(const BatchEquations<Scalar>& equations, double rate,
                                Matrix<Scalar>& matrix, Vector<Scalar>& bias) {
    move(equations, rate, matrix, bias);
    if (divided()) {
        team_.gather(matrix);
    }
}

template <typename Scalar>
std::unique_ptr<WeightSolver<Scalar>> make_weight_solver(const WeightSolverOptions& options,
                                                         Index inputs, Index outputs,
                                                         const Team<Scalar>& team) {
    return std::make_unique<SimulatedSolver<Scalar>>(options, inputs, outputs, team);
}

template void LinearMap<float>::apply(const ConstMatrixRef<float>&, MatrixRef<float>) const;
template void LinearMap<float>::pull_back(const ConstMatrixRef<float>&, MatrixRef<float>) const;
template void LinearMap<float>::pairs(const ConstMatrixRef<float>&, const ConstMatrixRef<float>&,
                                      const Pair&) const;
template ConstMatrixRef<float> LinearMap<float>::target(const ConstMatrixRef<float>&,
                                                        const ConstMatrixRef<float>&,
                                                        Matrix<float>&) const;
template void LinearMap<float>::visit_windows(
    const ConstMatrixRef<float>&, const std::function<void(const ConstMatrixRef<float>&)>&) const;
template double LinearMap<float>::norm_bound() const;
template double LinearMap<float>::squared_norm() const;
template void LinearMap<double>::apply(const ConstMatrixRef<double>&, MatrixRef<double>) const;
template void LinearMap<double>::pull_back(const ConstMatrixRef<double>&, MatrixRef<double>) const;
template void LinearMap<double>::pairs(const ConstMatrixRef<double>&, const ConstMatrixRef<double>&,
                                       const Pair&) const;
template ConstMatrixRef<double> LinearMap<double>::target(const ConstMatrixRef<double>&,
                                                          const ConstMatrixRef<double>&,
                                                          Matrix<double>&) const;
template void LinearMap<double>::visit_windows(
    const ConstMatrixRef<double>&, const std::function<void(const ConstMatrixRef<double>&)>&) const;
template double LinearMap<double>::norm_bound() const;
template double LinearMap<double>::squared_norm() const;
template struct Weights<float>;
template struct Weights<double>;
template Weights<float> initial_weights(const MapSpec&, Start, double, std::uint64_t, Index);
template Weights<double> initial_weights(const MapSpec&, Start, double, std::uint64_t, Index);
template void make_orthogonal(Matrix<float>&);
template void make_orthogonal(Matrix<double>&);
template class LookAhead<float>;
template class LookAhead<double>;
template class WeightSolver<float>;
template class WeightSolver<double>;
template std::unique_ptr<WeightSolver<float>> make_weight_solver(const WeightSolverOptions&, Index,
                                                                 Index, const Team<float>&);
template std::unique_ptr<WeightSolver<double>> make_weight_solver(const WeightSolverOptions&, Index,
                                                                  Index, const Team<double>&);

}  // namespace hoist
