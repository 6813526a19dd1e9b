#include "hoist/math/window_max.hpp"

#include <cmath>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

class WindowMax final : public Activation {
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

    std::string name() const override { return phi_->name(); }
    std::optional<Windows> windows() const override { return windows_; }
    ActivationTraits traits() const override {
        ActivationTraits traits = phi_->traits();
        traits.lipschitz *= std::sqrt(static_cast<double>(windows_.overlap()));
        traits.projection = false;
        traits.minimizer = false;
        traits.has_prox = false;
        return traits;
    }
    Shape input(const Shape&) const override { return windows_.from; }
    std::optional<Shape> output(const Shape& u) const override {
        return u == windows_.from ? phi_->output(pooled_) : std::nullopt;
    }
    std::optional<double> parameter() const override { return std::nullopt; }

    void apply(const ConstMatrixRef<float>& u, MatrixRef<float> x) const override {
        apply_to<float>(u, x);
    }
    void apply(const ConstMatrixRef<double>& u, MatrixRef<double> x) const override {
        apply_to<double>(u, x);
    }
    void pull_back(const ConstMatrixRef<float>& u, const ConstMatrixRef<float>& e,
                   MatrixRef<float> d) const override {
        pull_back_to<float>(u, e, d);
    }
    void pull_back(const ConstMatrixRef<double>& u, const ConstMatrixRef<double>& e,
                   MatrixRef<double> d) const override {
        pull_back_to<double>(u, e, d);
    }

    void prox(double, const ConstMatrixRef<float>&, MatrixRef<float>) const override { refuse(); }
    void prox(double, const ConstMatrixRef<double>&, MatrixRef<double>) const override { refuse(); }
    Vector<double> gap(const ConstMatrixRef<float>&, const ConstMatrixRef<float>&) const override {
        refuse();
    }
    Vector<double> gap(const ConstMatrixRef<double>&,
                       const ConstMatrixRef<double>&) const override {
        refuse();
    }
    void difference_quotient(double weight, const ConstMatrixRef<float>& u,
                             const ConstMatrixRef<float>& g, const ConstMatrixRef<float>& x,
                             MatrixRef<float> s) const override {
        quotient_of<float>(weight, u, g, x, s);
    }
    void difference_quotient(double weight, const ConstMatrixRef<double>& u,
                             const ConstMatrixRef<double>& g, const ConstMatrixRef<double>& x,
                             MatrixRef<double> s) const override {
        quotient_of<double>(weight, u, g, x, s);
    }
    void difference_signal(double weight, const ConstMatrixRef<float>& u,
                           const ConstMatrixRef<float>& g, const ConstMatrixRef<float>& x,
                           MatrixRef<float> s) const override {
        signal_of<float>(weight, u, g, x, s);
    }
    void difference_signal(double weight, const ConstMatrixRef<double>& u,
                           const ConstMatrixRef<double>& g, const ConstMatrixRef<double>& x,
                           MatrixRef<double> s) const override {
        signal_of<double>(weight, u, g, x, s);
    }
    double gap_parameter_slope(double, const ConstMatrixRef<float>&,
                               const ConstMatrixRef<float>&) const override {
        refuse();
    }
    double gap_parameter_slope(double, const ConstMatrixRef<double>&,
                               const ConstMatrixRef<double>&) const override {
        refuse();
    }

  private:
    [[noreturn]] static void refuse() {
        throw Defect("a precondition does not hold: maximum pooling has no penalty of its own");
    }

    void require_sizes(Index u, Index x) const {
        require(u == windows_.from.size() && x == phi_->output(pooled_)->size(),
                "the input and the output of an activation have sizes that fit");
    }
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

    template <typename Scalar>
    void apply_to(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        require_sizes(u.rows(), x.rows());
        phi_->apply(pool<Scalar>(u), x);
    }

    template <typename Scalar>
    void pull_back_to(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                      MatrixRef<Scalar>& d) const {
        require_sizes(u.rows(), e.rows());
        const Matrix<Scalar> v = pool<Scalar>(u);
        Matrix<Scalar> slope(v.rows(), v.cols());
        phi_->pull_back(v, e, slope);
        hand_down<Scalar>(u, v, slope, d);
    }

    template <typename Scalar>
    void signal_of(double weight, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& g,
                   const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar>& s) const {
        require_sizes(u.rows(), g.rows());
        const Matrix<Scalar> v = pool<Scalar>(u);
        Matrix<Scalar> signal(v.rows(), v.cols());
        phi_->difference_signal(weight, v, g, x, signal);
        hand_down<Scalar>(u, v, signal, s);
    }

    // With v = max u, v - max (u - g/w) is 1/w times the least w (v - u) + g of a window; the largest
    // where w is negative.
    template <typename Scalar>
    void quotient_of(double weight, const ConstMatrixRef<Scalar>& u,
                     const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                     MatrixRef<Scalar>& s) const {
        require_sizes(u.rows(), x.rows());
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
    return std::make_shared<WindowMax>(std::move(phi), windows);
}

}  // namespace hoist
