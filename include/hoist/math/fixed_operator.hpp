#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hoist/math/degradation.hpp"
#include "hoist/math/matrix.hpp"
#include "hoist/math/windows.hpp"

namespace hoist {

/// A known linear operator P from blocks of one shape to those of another.
class FixedOperator {
  public:
    virtual ~FixedOperator() = default;

    const Shape& from() const { return from_; }
    const Shape& to() const { return to_; }
    /// What the text of a network says of it, in parentheses: "blur(1.6),0.01"; nothing of means, whose windows say it.
    virtual std::string text() const { return {}; }
    /// How it takes the input to be measured; mostly nothing.
    virtual std::vector<DegradationStep> measurement() const { return {}; }
    /// The windows whose means it gives; none where it gives something else.
    virtual std::optional<Windows> means() const { return std::nullopt; }

    /// y = P x. @pre columns of x and y have the shapes from() and to().
    virtual void apply(const ConstMatrixRef<float>& x, MatrixRef<float> y) const = 0;
    virtual void apply(const ConstMatrixRef<double>& x, MatrixRef<double> y) const = 0;
    /// x += P'y.
    virtual void add_adjoint(const ConstMatrixRef<float>& y, MatrixRef<float> x) const = 0;
    virtual void add_adjoint(const ConstMatrixRef<double>& y, MatrixRef<double> x) const = 0;
    /// A bound of its spectral norm.
    virtual double norm_bound() const = 0;
    /// The floating-point operations of either for a column, beyond one pass over it.
    virtual double flops() const { return 0.0; }
    /// The bytes that it takes where they are many, with those to make them. @param scalar the bytes of a number of x.
    virtual double bytes([[maybe_unused]] double scalar) const { return 0.0; }

    bool operator==(const FixedOperator& other) const {
        return from_ == other.from_ && text() == other.text() && means() == other.means();
    }

  protected:
    FixedOperator(const Shape& from, const Shape& to) : from_(from), to_(to) {}

  private:
    Shape from_;
    Shape to_;
};

/// The mean of each window, channel by channel. @pre windows.fit(), without padding.
std::shared_ptr<const FixedOperator> means_over(const Windows& windows);

/// The numbers of a block as a plain vector behind so many zeros.
std::shared_ptr<const FixedOperator> zeros_before(const Shape& block, Index zeros);

}  // namespace hoist
