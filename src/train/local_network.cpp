#include "hoist/train/local_network.hpp"

#include <cmath>

#include "array_pictures.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/formulation/output_block.hpp"
#include "hoist/problem/picture_samples.hpp"
#include "hoist/train/picture_quality.hpp"

namespace hoist {

namespace {

// Wide enough for the kernels of products, and small enough for the second cache.
constexpr Index columns_at_once = 256;
constexpr Index pictures_at_once = 16;

// Every number times 0 is 0, but for those that are not finite.
template <typename Block>
void require_finite(const Block& x, Index first) {
    using Scalar = typename Block::Scalar;
    if (std::isfinite((x.array() * Scalar{0}).sum())) {
        return;
    }
    for (Index i = 0; i < x.cols(); ++i) {
        for (Index j = 0; j < x.rows(); ++j) {
            if (!std::isfinite(x(j, i))) {
                throw DataError("sample " + std::to_string(first + i) + " holds " +
                                    to_text(static_cast<double>(x(j, i))) + " at position " +
                                    std::to_string(j),
                                "networks take finite numbers only",
                                "replace such values, or leave their samples out");
            }
        }
    }
}

Matrix<double> lifted(const InputLift& lift, const Matrix<double>& given, Index numbers) {
    Matrix<double> z(numbers, given.cols());
    for (Index i = 0; i < given.cols(); ++i) {
        lift({given.col(i).data(), static_cast<std::size_t>(given.rows())},
             {z.col(i).data(), static_cast<std::size_t>(numbers)});
    }
    return z;
}

double unit_of(const Standardization& targets) {
    return targets.empty() ? 1.0 : 1.0 / targets.scale[0];
}

}  // namespace

template <typename Scalar>
LocalNetwork<Scalar>::LocalNetwork(ModelHeader header, std::vector<Weights<Scalar>> maps)
    : header_(std::move(header)),
      config_(config_of(header_)),
      placement_(place(layer_costs(config_), {}, 1)),
      stage_{header_.network, {0, header_.network.layers()}, std::move(maps)} {
    header_.checkpoint = false;  // activations and progress stay in the file
}

template <typename Scalar>
Samples<Scalar> LocalNetwork<Scalar>::samples_of(Index count) const {
    Samples<Scalar> samples;
    samples.blocks =
        ColumnBlocks(count, std::min(columns_at_once, ColumnBlocks::most_columns(spec().widest())));
    samples.own = {0, samples.blocks.count()};
    samples.columns = {0, count};
    return samples;
}

template <typename Scalar>
void LocalNetwork<Scalar>::take(const Inputs& inputs, Range columns, Index first,
                                Matrix<Scalar>& x) const {
    Matrix<double> exact = std::visit(
        [&](const auto& all) -> Matrix<double> {
            return part(all, columns).template cast<double>();
        },
        inputs);
    require_finite(exact, first + columns.begin);
    if (!header_.lift.empty()) {
        exact = lifted(header_.lift, exact, spec().inputs());
    }
    standardize(header_.standardization, exact);
    x = exact.template cast<Scalar>();
    require_finite(x, first + columns.begin);
}

template <typename Scalar>
void LocalNetwork<Scalar>::answer(const Inputs& inputs, Scores scores, std::vector<Block> hidden,
                                  Index first) const {
    const auto inference = make_inference<Scalar>(config_.formulation, alone_, placement_, stage_);
    const auto output = make_output_block<Scalar>(spec().output, config_.formulation);
    const auto* as_they_lie = header_.standardization.empty() && header_.lift.empty()
                                  ? std::get_if<Eigen::Map<const Matrix<Scalar>>>(&inputs)
                                  : nullptr;
    Matrix<Scalar> seen;
    Matrix<Scalar> block;
    (*inference)(
        samples_of(scores.cols()),
        [&](const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) {
            if (as_they_lie != nullptr) {
                require_finite(part(*as_they_lie, columns), first + columns.begin);
                map.apply(part(*as_they_lie, columns), u);
            } else {
                take(inputs, columns, first, seen);
                map.apply(seen, u);
            }
        },
        [&](Index layer, Range columns, const ConstMatrixRef<Scalar>& u) {
            if (layer == spec().layers()) {
                block.resize(u.rows(), u.cols());
                output->scores(u, block);
                part(scores, columns) = block.template cast<double>();
            } else if (!hidden.empty()) {
                auto x = part(hidden[static_cast<std::size_t>(layer - 1)], columns);
                if (config_.formulation.is_lrrn()) {  // what it relaxes are the activations
                    x = u;
                } else {
                    spec().activation(layer).apply(u, x);
                }
            }
        });
    if (!header_.targets.empty()) {
        scores.array() = scores.array() / header_.targets.scale[0] + header_.targets.mean[0];
    }
}

template <typename Scalar>
Vector<double> LocalNetwork<Scalar>::energies(const Inputs& inputs) const {
    const auto inference = make_inference<Scalar>(config_.formulation, alone_, placement_, stage_);
    Samples<Scalar> samples =
        samples_of(std::visit([](const auto& all) { return all.cols(); }, inputs));
    take(inputs, samples.columns, 0, samples.inputs);
    return inference->energies(samples, [](Index, Range, const ConstMatrixRef<Scalar>&) {})
        .colwise()
        .sum()
        .transpose();
}

template <typename Scalar>
Matrix<double> LocalNetwork<Scalar>::restore(
    const Shape& shape, const Eigen::Map<const Matrix<double>>& pictures) const {
    require_finite(pictures, 0);
    ArrayPictures data(shape, pictures);
    const double unit = unit_of(header_.targets);
    const std::vector<Index> all = all_samples(pictures.cols());
    Matrix<double> restored(pictures.rows(), pictures.cols());
    for (auto first = all.begin(); first != all.end();) {
        const std::vector<Index> some(first, first + std::min(all.end() - first, pictures_at_once));
        first += std::ssize(some);
        for (const Judged<Scalar>& judged :
             load_pictures<Scalar>(data, some, spec(), placement_, 0, {}, 0, unit)) {
            const Stage<Scalar> stage = judged.stage(stage_);
            const auto inference =
                make_inference<Scalar>(config_.formulation, alone_, placement_, stage);
            const Matrix<double> outputs =
                answers_of(*inference, stage.network, alone_, judged.samples).outputs;
            for (Index i = 0; i < outputs.cols(); ++i) {
                const Index sample = some[static_cast<std::size_t>(i)];
                const std::vector<double> given =
                    give_picture(data, sample, spec(), {}, 0).fitting_given;
                restored.col(sample) =
                    made_picture(stage.network, shape, unit,
                                 Eigen::Map<const Vector<double>>(given.data(), std::ssize(given)),
                                 outputs.col(i));
            }
        }
    }
    return restored;
}

template class LocalNetwork<float>;
template class LocalNetwork<double>;

}  // namespace hoist
