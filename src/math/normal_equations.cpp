#include "hoist/math/normal_equations.hpp"

#include <algorithm>
#include <optional>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// Columns whose products are formed at once, so that neither rounding nor memory grow with blocks.
constexpr Index widest = 1024;

/// Of rows, in double.
template <typename Scalar>
Vector<double> row_sums(const ConstMatrixRef<Scalar>& x) {
    Vector<double> total = Vector<double>::Zero(x.rows());
    double* const sum = total.data();
    constexpr Index together = 4;
    Index j = 0;
    for (; j + together <= x.cols(); j += together) {
        const Scalar* const a = x.col(j).data();
        const Scalar* const b = x.col(j + 1).data();
        const Scalar* const c = x.col(j + 2).data();
        const Scalar* const d = x.col(j + 3).data();
        for (Index i = 0; i < x.rows(); ++i) {
            sum[i] += (static_cast<double>(a[i]) + static_cast<double>(b[i])) +
                      (static_cast<double>(c[i]) + static_cast<double>(d[i]));
        }
    }
    for (; j < x.cols(); ++j) {
        total += x.col(j).template cast<double>();
    }
    return total;
}

/// Whether n numbers of this sum and sum of squares lie so far from zero, in units of their spread,
/// that products lose digits.
bool is_far_from_zero(double sum, double squares, double n) {
    constexpr double most_deviations = 4.0;
    const double offset = sum * sum / n;
    return offset > most_deviations * most_deviations * (squares - offset);
}

}  // namespace

template <typename Scalar>
struct NormalEquations::Centered {
    Centered(const ConstMatrixRef<Scalar>& all, Vector<double>& about)
        : original(all), reference(about) {
        center();
    }

    /// @pre reference holds values of Scalar.
    void center() {
        if ((reference.array() == 0.0).all()) {
            copy.resize(0, 0);
        } else {
            copy = original.colwise() - reference.template cast<Scalar>();
        }
        sum = row_sums<Scalar>(columns());
    }

    ConstMatrixRef<Scalar> columns() const {
        return copy.size() > 0 ? ConstMatrixRef<Scalar>(copy) : original;
    }
    double count() const { return static_cast<double>(original.cols()); }
    Vector<double> mean() const { return reference + sum / count(); }

    const ConstMatrixRef<Scalar>& original;
    Vector<double>& reference;
    Matrix<Scalar> copy;
    Vector<double> sum;
};

NormalEquations::NormalEquations(Index inputs, Index outputs, Shard shard)
    : inputs_(inputs),
      outputs_(outputs),
      shard_(shard),
      gram_size_(inputs * (inputs + 1) / 2),
      input_reference_(Vector<double>::Zero(inputs)) {
    require(inputs >= 1 && outputs >= 1, "normal equations have inputs and outputs");
    require(0 <= shard.index && shard.index < shard.count, "a shard is one of all");
    values_.resize(target_means_begin() + shard.count * outputs);
    clear();
}

NormalEquations::NormalEquations(InputCenter center, Index outputs, Shard shard)
    : inputs_(center.mean.size()),
      outputs_(outputs),
      shard_(shard),
      gram_size_(0),
      input_mean_(std::move(center.mean)),
      input_reference_(std::move(center.reference)) {
    require(inputs_ >= 1 && outputs >= 1, "normal equations have inputs and outputs");
    require(input_reference_.size() == inputs_, "every input has a reference");
    require(0 <= shard.index && shard.index < shard.count, "a shard is one of all");
    values_.resize(target_means_begin() + shard.count * outputs);
    clear();
}

template <typename Scalar>
void NormalEquations::add(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t) {
    require(x.rows() == inputs_ && t.rows() == outputs_ && x.cols() == t.cols(),
            "a block of inputs and targets has the sizes of the normal equations");
    for (Index begin = 0; begin < x.cols(); begin += widest) {
        const Index columns = std::min(widest, x.cols() - begin);
        const ConstMatrixRef<Scalar> targets = t.middleCols(begin, columns);
        add_columns<Scalar>(x.middleCols(begin, columns), &targets);
    }
}

template <typename Scalar>
void NormalEquations::add_gram(const ConstMatrixRef<Scalar>& x) {
    require(has_gram(), "the Gram matrix is part of the normal equations");
    require(x.rows() == inputs_, "a block has as many rows as the normal equations have inputs");
    for (Index begin = 0; begin < x.cols(); begin += widest) {
        add_columns<Scalar>(x.middleCols(begin, std::min(widest, x.cols() - begin)), nullptr);
    }
}

// With Y = X - r 1' and Z = T - q 1' the block's sums about references r and q:
//     (X - x 1')(T - t 1')' = Y Z' - (Y 1)(Z 1)' / n      x, t the block's means
// and merging it with c columns before, whose means differ by dx and dt, adds dx dt' c n / (c + n).
// Where the inputs' mean over all blocks is known instead, it is taken at once:
//     (X - x 1') Z' = Y Z' - (x - r)(Z 1)'                x the shard's mean
template <typename Scalar>
void NormalEquations::add_columns(const ConstMatrixRef<Scalar>& x,
                                  const ConstMatrixRef<Scalar>* t) {
    const double n = static_cast<double>(x.cols());
    const double share = n / (count_ + n);
    if (t != nullptr && count_ == 0.0) {
        choose_target_reference<Scalar>(*t);
    }
    std::optional<Centered<Scalar>> targets;
    Matrix<Scalar> product;
    Vector<double> target_step;
    if (t != nullptr) {
        targets.emplace(*t, target_reference_);
        target_step = targets->mean() - target_mean();
    }
    const auto add_moment = [&](const Vector<double>& taken, const Vector<double>& step) {
        auto sum = moment_sum();
        for (Index j = 0; j < outputs_; ++j) {
            sum.col(j) += product.col(j).template cast<double>() - targets->sum[j] * taken +
                          count_ * share * target_step[j] * step;
        }
    };
    if (has_gram()) {
        Centered<Scalar> inputs(x, input_reference_);
        merge_gram(inputs);
        const Vector<double> step = inputs.mean() - input_mean();
        if (t != nullptr) {
            product.noalias() = inputs.columns() * targets->columns().transpose();
            add_moment(inputs.sum / n, step);
        }
        input_mean() += share * step;
        values_[counts_begin() + shard_.index] += n;
    } else {
        const bool centered = (input_reference_.array() != 0.0).any();
        if (centered) {
            const Matrix<Scalar> y = x.colwise() - input_reference_.template cast<Scalar>();
            product.noalias() = y * targets->columns().transpose();
        } else {
            product.noalias() = x * targets->columns().transpose();
        }
        add_moment(input_mean_ - input_reference_, Vector<double>::Zero(inputs_));
    }
    if (t != nullptr) {
        target_mean() += share * target_step;
    }
    count_ += n;
}

// Where the block turns out to lie far from the reference, its mean becomes the new one.
template <typename Scalar>
void NormalEquations::merge_gram(Centered<Scalar>& x) {
    const double n = x.count();
    Matrix<Scalar> product(inputs_, inputs_);
    const auto multiply = [&] {
        product.setZero();
        product.template selfadjointView<Eigen::Lower>().rankUpdate(x.columns());
    };
    multiply();
    bool far = false;
    for (Index i = 0; i < inputs_ && !far; ++i) {
        far = is_far_from_zero(x.sum[i], static_cast<double>(product(i, i)), n);
    }
    if (far) {
        x.reference = x.mean().template cast<Scalar>().template cast<double>();
        x.center();
        multiply();
    }
    const Vector<double> step = x.mean() - input_mean();
    const double weight = count_ * n / (count_ + n);
    double* column = values_.data();
    for (Index j = 0; j < inputs_; ++j) {
        const Index rows = inputs_ - j;
        Eigen::Map<Vector<double>>(column, rows) +=
            product.col(j).tail(rows).template cast<double>() - x.sum[j] / n * x.sum.tail(rows) +
            weight * step[j] * step.tail(rows);
        column += rows;
    }
}

// From the first block alone: later ones lie no further from it than the spread of all allows.
template <typename Scalar>
void NormalEquations::choose_target_reference(const ConstMatrixRef<Scalar>& t) {
    const double n = static_cast<double>(t.cols());
    target_reference_ = t.col(0).template cast<double>();  // exact where all columns are equal
    const Vector<double> first = target_reference_;
    Vector<double> sum = Vector<double>::Zero(outputs_);
    Vector<double> squares = Vector<double>::Zero(outputs_);
    for (Index j = 0; j < t.cols(); ++j) {
        const auto away = t.col(j).template cast<double>() - first;
        sum += away;
        squares += away.cwiseAbs2();
    }
    for (Index i = 0; i < outputs_; ++i) {
        const double mean = first[i] + sum[i] / n;
        const double spread = squares[i] - sum[i] * sum[i] / n;
        const bool far = is_far_from_zero(n * mean, spread + n * mean * mean, n);
        target_reference_[i] = far ? static_cast<double>(static_cast<Scalar>(mean)) : 0.0;
    }
}

void NormalEquations::clear() {
    values_.setZero();
    count_ = 0.0;
    target_reference_.setZero(outputs_);
    if (has_gram()) {
        input_reference_.setZero();
    }
}

Matrix<double> NormalEquations::gram() const {
    require(has_gram(), "the Gram matrix is part of the normal equations");
    Matrix<double> result(inputs_, inputs_);
    const double* column = values_.data();
    for (Index j = 0; j < inputs_; ++j) {
        result.col(j).tail(inputs_ - j) = Eigen::Map<const Vector<double>>(column, inputs_ - j);
        result.col(j).head(j).setZero();
        column += inputs_ - j;
    }
    return result;
}

Eigen::Map<const Matrix<double>> NormalEquations::moment() const {
    return {values_.data() + gram_size_, inputs_, outputs_};
}

Eigen::Map<const Vector<double>> NormalEquations::counts() const {
    require(has_gram(), "the counts of samples stand beside a Gram matrix");
    return {values_.data() + counts_begin(), shard_.count};
}

Eigen::Map<const Matrix<double>> NormalEquations::input_means() const {
    require(has_gram(), "the means of the inputs stand beside a Gram matrix");
    return {values_.data() + input_means_begin(), inputs_, shard_.count};
}

Eigen::Map<const Matrix<double>> NormalEquations::target_means() const {
    return {values_.data() + target_means_begin(), outputs_, shard_.count};
}

Eigen::Map<Vector<double>> NormalEquations::input_mean() {
    return {values_.data() + input_means_begin() + shard_.index * inputs_, inputs_};
}

Eigen::Map<Vector<double>> NormalEquations::target_mean() {
    return {values_.data() + target_means_begin() + shard_.index * outputs_, outputs_};
}

template void NormalEquations::add<float>(const ConstMatrixRef<float>&,
                                          const ConstMatrixRef<float>&);
template void NormalEquations::add<double>(const ConstMatrixRef<double>&,
                                           const ConstMatrixRef<double>&);
template void NormalEquations::add_gram<float>(const ConstMatrixRef<float>&);
template void NormalEquations::add_gram<double>(const ConstMatrixRef<double>&);

}  // namespace hoist
