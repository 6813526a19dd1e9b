#include <algorithm>
#include <iterator>
#include <limits>

#include "bench.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/math/compressed_columns.hpp"
#include "hoist/math/nnls.hpp"
#include "hoist/math/normal_equations.hpp"
#include "hoist/math/ridge.hpp"
#include "hoist/problem/problem.hpp"
#include "kernel_times.hpp"
#include "measure.hpp"

namespace hoist {

namespace {

constexpr Index most_columns = 20000;
// Units of a layer as the figures are stated for, and of the layers on both its sides.
constexpr Index units = 300;

std::string shape_text(Index rows, Index columns) {
    return std::to_string(rows) + " x " + std::to_string(columns);
}

/// Measures kernels on the columns of one data set.
template <typename Scalar>
class KernelBench {
  public:
    KernelBench(Matrix<Scalar> inputs, int repeat)
        : repeat_(repeat),
          inputs_(std::move(inputs)),
          hidden_(random_matrix<Scalar>(units, inputs_.cols(), 3).cwiseMax(Scalar{0})),
          above_(random_matrix<Scalar>(units, inputs_.cols(), 4)),
          out_(units, inputs_.cols()),
          square_(initial_weights<Scalar>(MapSpec::dense(units, units), Start::he, 0.0, 1, 1)),
          square_map_(square_),
          first_(
              initial_weights<Scalar>(MapSpec::dense(inputs_.rows(), units), Start::he, 0.0, 1, 0)),
          first_map_(first_),
          blocks_(inputs_.cols()) {
        compress_inputs();
    }

    std::vector<KernelTime> all() {
        return {nnls_sweep(), w_step(),        gram(),          forward(),
                backward(),   input_forward(), input_gradient()};
    }

  private:
    using Columns = Eigen::Block<Matrix<Scalar>, Eigen::Dynamic, Eigen::Dynamic, true>;

    static Columns columns(Matrix<Scalar>& matrix, Range range) {
        return matrix.middleCols(range.begin, range.size());
    }

    template <typename Work>
    void for_each_block(Work work) const {
        for (Index block = 0; block < blocks_.count(); ++block) {
            work(blocks_.columns(block));
        }
    }

    /// Of `work`, which does rows x inner x columns multiplications and additions and what `more` says
    /// beside.
    KernelTime measure(std::string name, std::string shape, Index rows, Index inner, double more,
                       const std::function<void()>& work,
                       const std::function<void()>& before = {}) {
        const double own = 2.0 * static_cast<double>(rows * inner * inputs_.cols()) + more;
        return beside_product<Scalar>({std::move(name), std::move(shape), own, 0.0, 0.0}, rows,
                                      inner, repeat_, work, before);
    }

    // One sweep over A = I + W'W from x = 0, for He-random W.
    KernelTime nnls_sweep() {
        const Matrix<Scalar> a =
            square_map_.gram(Scalar{1}) + Matrix<Scalar>::Identity(units, units);
        const Bounds<Scalar> bounds{0, std::numeric_limits<Scalar>::infinity()};
        const auto solver = coordinate_descent<Scalar>(a, bounds, 1, 0);
        return measure(
            "nnls_sweep", shape_text(units, inputs_.cols()), units, units, 0.0,
            [&] {
                for_each_block(
                    [&](Range r) { solver->solve(columns(above_, r), columns(out_, r)); });
            },
            [&] { out_.setZero(); });
    }

    // Gram matrix, moment, factor and solution.
    KernelTime w_step() {
        const auto n = static_cast<double>(inputs_.rows());
        const auto m = static_cast<double>(units);
        const auto samples = static_cast<double>(inputs_.cols());
        const double flops =
            n * n * samples + 2.0 * n * m * samples + n * n * n / 3.0 + 2.0 * n * n * m;
        NormalEquations equations(inputs_.rows(), units);
        Weights<Scalar> weights = first_;
        return measure("w_step",
                       shape_text(inputs_.rows(), units) + " x " + std::to_string(inputs_.cols()),
                       units, inputs_.rows(), flops - 2.0 * n * m * samples, [&] {
                           equations.clear();
                           for_each_block([&](Range r) {
                               equations.add<Scalar>(columns(inputs_, r), columns(above_, r));
                           });
                           const RidgeFactor factor(equations, 1e-5 * samples,
                                                    std::numeric_limits<Scalar>::epsilon());
                           weights.assign(factor.solve(equations));
                       });
    }

    // X X' of a hidden layer, of which half is formed.
    KernelTime gram() {
        NormalEquations equations(units, units);
        const double half = static_cast<double>(units * units * inputs_.cols());
        return measure("gram", shape_text(units, inputs_.cols()), units, units, -half, [&] {
            for_each_block([&](Range r) { equations.add_gram<Scalar>(columns(hidden_, r)); });
        });
    }

    // U = W X + b.
    KernelTime forward() {
        return measure("forward", shape_text(units, units) + " x " + std::to_string(inputs_.cols()),
                       units, units, 0.0, [&] {
                           for_each_block([&](Range r) {
                               square_map_.apply(columns(hidden_, r), columns(out_, r));
                           });
                       });
    }

    // C = U + W' T, the right-hand sides of a layer.
    KernelTime backward() {
        return measure("backward",
                       shape_text(units, units) + " x " + std::to_string(inputs_.cols()), units,
                       units, 0.0, [&] {
                           for_each_block([&](Range r) {
                               auto out = columns(out_, r);
                               out = columns(hidden_, r);
                               square_map_.add_pull_back(Scalar{1}, columns(above_, r), out);
                           });
                       });
    }

    KernelTime input_forward() {
        return measure("input_forward",
                       shape_text(units, inputs_.rows()) + " x " + std::to_string(inputs_.cols()),
                       units, inputs_.rows(), 0.0, [&] {
                           auto compressed = compressed_.begin();
                           for_each_block([&](Range r) {
                               if (compressed_.empty()) {
                                   first_map_.apply(columns(inputs_, r), columns(out_, r));
                               } else {
                                   first_map_.apply(*compressed++, columns(out_, r));
                               }
                           });
                       });
    }

    // T X', the gradient of the first map.
    KernelTime input_gradient() {
        Matrix<Scalar> gradient = Matrix<Scalar>::Zero(units, inputs_.rows());
        return measure("input_gradient",
                       shape_text(units, inputs_.rows()) + " x " + std::to_string(inputs_.cols()),
                       units, inputs_.rows(), 0.0, [&] {
                           auto compressed = compressed_.begin();
                           gradient.setZero();
                           for_each_block([&](Range r) {
                               if (compressed_.empty()) {
                                   gradient.noalias() +=
                                       columns(above_, r) * columns(inputs_, r).transpose();
                               } else {
                                   (compressed++)->add_moment(columns(above_, r), gradient);
                               }
                           });
                       });
    }

    // Compressed as in training: where it pays.
    void compress_inputs() {
        CompressedColumns<Scalar> all(inputs_.rows());
        all.append(inputs_);
        if (!CompressedColumns<Scalar>::worthwhile(all.density(), units)) {
            return;
        }
        for_each_block(
            [&](Range r) { compressed_.emplace_back(inputs_.rows()).append(columns(inputs_, r)); });
    }

    int repeat_;
    Matrix<Scalar> inputs_;
    Matrix<Scalar> hidden_;
    Matrix<Scalar> above_;
    Matrix<Scalar> out_;
    Weights<Scalar> square_;
    LinearMap<Scalar> square_map_;
    Weights<Scalar> first_;
    LinearMap<Scalar> first_map_;
    ColumnBlocks blocks_;
    /// The blocks of the inputs; empty where dense products are faster.
    std::vector<CompressedColumns<Scalar>> compressed_;
};

template <typename Scalar>
Matrix<Scalar> read_inputs(const Config& config) {
    DataConfig chosen = config.data;
    chosen.samples = most_columns;
    const DataParts parts = open_dataset(chosen, data_use(config));
    Dataset& data = parts.train ? *parts.train : *parts.test;
    const std::vector<Index> samples = all_samples(std::min(most_columns, data.samples()));
    Matrix<Scalar> inputs(data.features(), std::ssize(samples));
    const ColumnBlocks blocks(inputs.cols());
    std::vector<double> buffer;
    for (Index block = 0; block < blocks.count(); ++block) {
        const Range range = blocks.columns(block);
        buffer.resize(static_cast<std::size_t>(range.size() * data.features()));
        data.read_inputs(std::span(samples).subspan(static_cast<std::size_t>(range.begin),
                                                    static_cast<std::size_t>(range.size())),
                         buffer);
        inputs.middleCols(range.begin, range.size()) =
            Eigen::Map<Matrix<double>>(buffer.data(), data.features(), range.size())
                .template cast<Scalar>();
    }
    return inputs;
}

template <typename Scalar>
void bench_kernels_as(const Communicator& world, const BenchOptions& options) {
    Matrix<Scalar> inputs;
    agree(world, [&] { inputs = read_inputs<Scalar>(options.config); });
    KernelBench<Scalar> kernels(std::move(inputs), options.repeat);
    std::vector<KernelTime> times = kernels.all();
    std::ranges::copy(convolution_times<Scalar>(options.repeat), std::back_inserter(times));
    world.barrier();
    if (world.rank() == 0) {
        print_kernel_times<Scalar>(times, options, measure_core<Scalar>());
    }
}

}  // namespace

void bench_kernels(const Communicator& world, const BenchOptions& options) {
    options.config.precision == Precision::single ? bench_kernels_as<float>(world, options)
                                                  : bench_kernels_as<double>(world, options);
}

}  // namespace hoist
