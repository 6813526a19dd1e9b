#pragma once

#include <algorithm>
#include <utility>

#include "fixed_operator_of.hpp"
#include "hoist/base/text.hpp"
#include "hoist/math/degradation.hpp"

namespace hoist {

/// What the kinds of steps_toward_data have in common: the channels of both sides, and what a text says of them.
template <typename Own>
class DataStepsOf : public FixedOperatorOf<Own> {
  public:
    DataStepsOf(const Shape& block, std::vector<DegradationStep> measurement,
                std::vector<double> regularizations)
        : FixedOperatorOf<Own>(
              block, {block.rows, block.columns, block.channels * (terms(regularizations) + 1)}),
          measurement_(std::move(measurement)),
          regularizations_(std::move(regularizations)) {
        require(block.channels % 2 == 0, "the picture and what was measured have as many channels");
    }

    std::vector<DegradationStep> measurement() const final { return measurement_; }
    std::string text() const final {
        std::string text = to_text(measurement_);
        for (const double t : regularizations_) {
            text += "," + hoist::to_text(t);
        }
        return text;
    }

  protected:
    const std::vector<double>& regularizations() const { return regularizations_; }
    /// How many A, and as many B.
    Index terms() const { return terms(regularizations_); }
    Index below() const { return this->from().channels; }
    Index above() const { return this->to().channels; }
    /// Whether a channel of [x; y] is one of x.
    bool of_picture(Index channel) const { return channel < below() / 2; }

    /// One channel, of so many, of a sample, whose places are held as a matrix.
    template <typename Number>
    static auto channel_of(Number* sample, Index channel, Index all, Index rows, Index columns) {
        using Plain = Matrix<std::remove_const_t<Number>>;
        using Any = std::conditional_t<std::is_const_v<Number>, const Plain, Plain>;
        using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
        return Eigen::Map<Any, 0, Strides>(sample + channel, rows, columns,
                                           Strides(rows * all, all));
    }

  private:
    static Index terms(const std::vector<double>& regularizations) {
        return std::max<Index>(1, std::ssize(regularizations));
    }

    std::vector<DegradationStep> measurement_;
    std::vector<double> regularizations_;
};

}  // namespace hoist
