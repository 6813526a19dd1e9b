#include "hoist/math/window_max.hpp"

#include <cmath>
#include <vector>

#include "activation_of.hpp"
#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// phi of the largest of each window, channel by channel, for ActivationOf.
class WindowMax {
  public:
    WindowMax(std::shared_ptr<const Activation> phi, const Windows& windows)
        : phi_(std::move(phi)), windows_(windows), pooled_(windows.shape(windows.from.channels)) {
        require(phi_->output(pooled_).has_value(),
                "an activation behind maximum pooling fits the channels");
        require(windows.fit() && windows.padding == 0, "windows of a maximum lie in the block");
        sources_ = windows.sources();
        for (Index& source : sources_) {
            source *= windows.from.channels;
        }
    }

    std::string name() const { return phi_->name(); }
    Vector<double> coefficients() const { return phi_->coefficients(); }
    WindowMax with_coefficients(const Vector<double>& coefficients) const {
        return {phi_->with_coefficients(coefficients), windows_};
    }
    template <typename Scalar>
    Vector<double> coefficient_slopes(const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const {
        return phi_->coefficient_slopes(pool<Scalar>(u), g);
    }
    const Windows& windows() const { return windows_; }
    Shape input(const Shape&) const { return windows_.from; }
    std::optional<Shape> output(const Shape& u) const {
        return u == windows_.from ? phi_->output(pooled_) : std::nullopt;
    }
    bool fits(Index u, Index x) const {
        return u == windows_.from.size() && x == phi_->output(pooled_)->size();
    }
    ActivationTraits traits() const {
        ActivationTraits traits = phi_->traits();
        traits.lipschitz *= std::sqrt(static_cast<double>(windows_.overlap()));
        traits.projection = false;
        traits.minimizer = false;
        traits.has_prox = false;
        return traits;
    }

    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        phi_->apply(pool<Scalar>(u), x);
    }

    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                   MatrixRef<Scalar>& d) const {
        const Matrix<Scalar> v = pool<Scalar>(u);
        Matrix<Scalar> slope(v.rows(), v.cols());
        phi_->pull_back(v, e, slope);
        hand_down<Scalar>(u, v, slope, d);
    }

    template <typename Scalar>
    void difference_signal(double weight, const ConstMatrixRef<Scalar>& u,
                           const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                           MatrixRef<Scalar>& s) const {
        const Matrix<Scalar> v = pool<Scalar>(u);
        Matrix<Scalar> signal(v.rows(), v.cols());
        phi_->difference_signal(weight, v, g, x, signal);
        hand_down<Scalar>(u, v, signal, s);
    }

    // With v = max u, v - max (u - g/w) is 1/w times the least w (v - u) + g of a window; the largest
    // where w is negative.
    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                             MatrixRef<Scalar>& s) const {
        const Index channels = windows_.from.channels;
        const Matrix<Scalar> v = pool<Scalar>(u);
        Matrix<Scalar> change(v.rows(), v.cols());
        const auto w = static_cast<Scalar>(weight);
        for (Index j = 0; j < u.cols(); ++j) {
            const Index* source = sources_.data();
            for (Index at = 0; at < v.rows(); at += channels) {
                for (Index i = 0; i < in_window(); ++i, ++source) {
                    for (Index c = 0; c < channels; ++c) {
                        const Scalar one =
                            w * (v(at + c, j) - u(*source + c, j)) + g(*source + c, j);
                        Scalar& best = change(at + c, j);
                        const bool kept =
                            i > 0 && (best != best || (w > 0 ? best <= one : best >= one));
                        best = kept ? best : one;
                    }
                }
            }
        }
        phi_->difference_quotient(weight, v, change, x, s);
    }

  private:
    Index in_window() const { return windows_.rows * windows_.columns; }

    // The largest of each window and channel; a NaN stays one.
    template <typename Scalar>
    Matrix<Scalar> pool(const ConstMatrixRef<Scalar>& u) const {
        const Index channels = windows_.from.channels;
        Matrix<Scalar> v(pooled_.size(), u.cols());
        for (Index j = 0; j < u.cols(); ++j) {
            const Scalar* const from = u.col(j).data();
            const Index* source = sources_.data();
            for (Scalar* to = v.col(j).data(); to < v.col(j).data() + v.rows(); to += channels) {
                const Scalar* const first = from + *source++;
                for (Index c = 0; c < channels; ++c) {
                    to[c] = first[c];
                }
                for (Index i = 1; i < in_window(); ++i) {
                    const Scalar* const other = from + *source++;
                    for (Index c = 0; c < channels; ++c) {
                        to[c] = other[c] <= to[c] || to[c] != to[c] ? to[c] : other[c];
                    }
                }
            }
        }
        return v;
    }

    // Gives the numbers of the windows to the first of their largest, v.
    template <typename Scalar>
    void hand_down(const ConstMatrixRef<Scalar>& u, const Matrix<Scalar>& v,
                   const Matrix<Scalar>& numbers, MatrixRef<Scalar>& d) const {
        const Index channels = windows_.from.channels;
        d.setZero();
        std::vector<Scalar> left(static_cast<std::size_t>(channels));
        for (Index j = 0; j < u.cols(); ++j) {
            const Scalar* const from = u.col(j).data();
            Scalar* const to = d.col(j).data();
            for (Index place = 0; place < windows_.places(); ++place) {
                const Scalar* const largest = v.col(j).data() + place * channels;
                const Scalar* const given = numbers.col(j).data() + place * channels;
                std::copy(given, given + channels, left.begin());
                for (Index i = 0; i < in_window(); ++i) {
                    const Index source =
                        sources_[static_cast<std::size_t>(place * in_window() + i)];
                    for (Index c = 0; c < channels; ++c) {
                        const auto at = static_cast<std::size_t>(c);
                        const bool taken = from[source + c] == largest[c];
                        to[source + c] += taken ? left[at] : Scalar{0};
                        left[at] = taken ? Scalar{0} : left[at];
                    }
                }
            }
        }
    }

    std::shared_ptr<const Activation> phi_;
    Windows windows_;
    Shape pooled_;
    /// Window by window: where the channels of its places begin in the block.
    std::vector<Index> sources_;
};

}  // namespace

std::shared_ptr<const Activation> max_over_windows(std::shared_ptr<const Activation> phi,
                                                   const Windows& windows) {
    const std::string name = phi->name();
    return std::make_shared<ActivationOf<WindowMax>>(name, WindowMax(std::move(phi), windows));
}

}  // namespace hoist
