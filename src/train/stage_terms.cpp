#include "hoist/train/stage_terms.hpp"

#include <algorithm>

namespace hoist {

template <typename Scalar>
StageTerms<Scalar>::StageTerms(const Config& config, const Samples<Scalar>& samples,
                               Stage<Scalar>& stage, Variables<Scalar>& variables)
    : network_(stage.network),
      lambda_(config.formulation.lambda),
      samples_(samples),
      stage_(stage),
      variables_(variables),
      formulation_(make_formulation<Scalar>(stage.network, config.formulation)),
      output_(make_output_block<Scalar>(config.network.output, config.formulation)) {}

template <typename Scalar>
double StageTerms<Scalar>::weight_above(Index layer) const {
    return is_output(layer) ? output_->weight() : formulation_->pull_weight(layer + 1);
}

template <typename Scalar>
void StageTerms<Scalar>::weigh(const std::vector<double>& lambda) {
    lambda_ = lambda;
    formulation_->weigh(lambda);
}

template <typename Scalar>
void StageTerms<Scalar>::prepare() {
    for (Index l = std::max<Index>(stage_.layers.begin, 1); l < stage_.layers.end; ++l) {
        formulation_->prepare(l, stage_.map(l), weight_above(l));
    }
}

template <typename Scalar>
ConstMatrixRef<Scalar> StageTerms<Scalar>::activations(Index layer, Index block) const {
    return part(layer == 0 ? samples_.inputs : variables_.x(layer), samples_.local(block));
}

template <typename Scalar>
void StageTerms<Scalar>::activate(Index layer, Index block) {
    network_.activation(layer).apply(u(layer, block), x(layer, block));
}

template <typename Scalar>
void StageTerms<Scalar>::move(Index layer, Index block) {
    if (layer == 0) {
        return;
    }
    const auto against = [&](const Above<Scalar>& above) {
        formulation_->update_activations(layer, stage_.map(layer), u(layer, block), above,
                                         x(layer, block));
    };
    const ConstMatrixRef<Scalar> target = target_above(layer, block);
    if (is_output(layer)) {
        against(OutputAbove<Scalar>(*output_, targets(block), target));
    } else {
        against(PenaltyAbove<Scalar>(*formulation_, layer + 1, target));
    }
}

template <typename Scalar>
Vector<double> StageTerms<Scalar>::energy(Index layer, Index block,
                                          const ConstMatrixRef<Scalar>& u) {
    return is_output(layer) ? output_->energy(targets(block), u)
                            : formulation_->penalty(layer + 1, x(layer + 1, block), u);
}

template <typename Scalar>
void StageTerms<Scalar>::add_violation(Index layer, Index block, const ConstMatrixRef<Scalar>& u,
                                       LiftSums& sums) {
    const Index next = layer + 1;
    const Columns above = x(next, block);
    target_.resize(above.rows(), above.cols());
    network_.activation(next).apply(u, target_);
    sums.add_violation<Scalar>(next, above, target_);
}

template <typename Scalar>
ConstMatrixRef<Scalar> StageTerms<Scalar>::target_above(Index layer, Index block) {
    if (!is_output(layer)) {
        return x(layer + 1, block);
    }
    const Columns outputs = u(layer + 1, block);
    target_.resize(outputs.rows(), outputs.cols());
    output_->target(targets(block), outputs, target_);
    return target_;
}

template <typename Scalar>
ConstMatrixRef<Scalar> StageTerms<Scalar>::regression_target(Index layer, Index block) {
    const ConstMatrixRef<Scalar> above = target_above(layer, block);
    if (formulation_->quadratic() || is_output(layer)) {
        return above;
    }
    Matrix<Scalar> u(network_.map(layer).to.size(), above.cols());
    apply(layer, block, u);
    target_.resize(u.rows(), u.cols());
    formulation_->signal(layer + 1, above, u, target_);
    target_ = u - static_cast<Scalar>(1.0 / weight_above(layer)) * target_;
    return target_;
}

template <typename Scalar>
std::vector<double> StageTerms<Scalar>::gaps() const {
    std::vector<double> gaps(network_.activations.size(), 0.0);
    const auto samples = static_cast<double>(samples_.blocks.samples());
    for (Index l = std::max<Index>(stage_.layers.begin, 1); l < stage_.layers.end; ++l) {
        const Matrix<Scalar>& x = variables_.x(l);
        const Matrix<Scalar>& u = variables_.u(l);
        const double sum = formulation_->keeps_domain()
                               ? network_.activation(l).gap(x, u).sum()
                               : formulation_->penalty(l, x, u).sum() / lambda(l);
        gaps[static_cast<std::size_t>(l - 1)] = sum / samples;
    }
    return gaps;
}

template <typename Scalar>
std::string StageTerms<Scalar>::gap_formula() const {
    return formulation_->keeps_domain() ? "F(x) + F*(u) - <x, u>" : "1/2 |x - phi(u)|^2";
}

template class StageTerms<float>;
template class StageTerms<double>;

}  // namespace hoist
