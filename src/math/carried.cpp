#include "hoist/math/carried.hpp"

#include <algorithm>
#include <limits>

#include "activation_of.hpp"
#include "hoist/base/error.hpp"
#include "hoist/math/by_places.hpp"

namespace hoist {

namespace {

/// For ActivationOf.
class Carried {
  public:
    Carried(std::shared_ptr<const Activation> phi, Index channels, Index all)
        : phi_(std::move(phi)), channels_(channels), all_(all) {
        const ActivationTraits traits = phi_->traits();
        require(traits.group == 1 && traits.entries == 1 && !phi_->windows(),
                "an activation beside carried channels makes one number of one");
        require(channels_ > 0 && channels_ < all_, "some channels are carried, and not all");
    }

    std::string name() const { return phi_->name(); }
    std::optional<double> parameter() const { return phi_->parameter(); }
    Vector<double> coefficients() const { return phi_->coefficients(); }
    Carried with_coefficients(const Vector<double>& coefficients) const {
        return {phi_->with_coefficients(coefficients), channels_, all_};
    }
    ActivationTraits traits() const {
        ActivationTraits traits = phi_->traits();
        traits.lower = -std::numeric_limits<double>::infinity();
        traits.upper = std::numeric_limits<double>::infinity();
        traits.lipschitz = std::max(traits.lipschitz, 1.0);
        traits.projection = false;
        return traits;
    }

    template <typename Scalar>
    void apply(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>& x) const {
        phi_->apply(acted<Scalar>(u), acted<Scalar>(x));
        carried<Scalar>(x) = carried<Scalar>(u);
    }

    template <typename Scalar>
    void pull_back(const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>& e,
                   MatrixRef<Scalar>& d) const {
        phi_->pull_back(acted<Scalar>(u), acted<Scalar>(e), acted<Scalar>(d));
        carried<Scalar>(d) = carried<Scalar>(e);
    }

    /// @pre traits().has_prox.
    template <typename Scalar>
    void prox(double s, const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar>& x) const {
        phi_->prox(s, acted<Scalar>(v), acted<Scalar>(x));
        carried<Scalar>(x) = carried<Scalar>(v);
    }

    /// @pre traits().minimizer.
    template <typename Scalar>
    Vector<double> gap(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& u) const {
        const Vector<double> each = phi_->gap(acted<Scalar>(x), acted<Scalar>(u)) +
                                    0.5 * (carried<Scalar>(x).template cast<double>() -
                                           carried<Scalar>(u).template cast<double>())
                                              .colwise()
                                              .squaredNorm()
                                              .transpose();
        return each.reshaped(x.rows() / all_, x.cols()).colwise().sum().transpose();
    }

    template <typename Scalar>
    void difference_quotient(double weight, const ConstMatrixRef<Scalar>& u,
                             const ConstMatrixRef<Scalar>& g, const ConstMatrixRef<Scalar>& x,
                             MatrixRef<Scalar>& s) const {
        phi_->difference_quotient(weight, acted<Scalar>(u), acted<Scalar>(g), acted<Scalar>(x),
                                  acted<Scalar>(s));
        carried<Scalar>(s) = carried<Scalar>(g);
    }

    template <typename Scalar>
    Vector<double> gap_coefficient_slopes(double weight, const ConstMatrixRef<Scalar>& u,
                                          const ConstMatrixRef<Scalar>& g) const {
        return phi_->gap_coefficient_slopes(weight, acted<Scalar>(u), acted<Scalar>(g));
    }
    template <typename Scalar>
    Vector<double> coefficient_slopes(const ConstMatrixRef<Scalar>& u,
                                      const ConstMatrixRef<Scalar>& g) const {
        return phi_->coefficient_slopes(acted<Scalar>(u), acted<Scalar>(g));
    }

  private:
    template <typename Scalar>
    ConstMatrixRef<Scalar> acted(const ConstMatrixRef<Scalar>& block) const {
        return by_places<Scalar>(block, all_).topRows(channels_);
    }
    template <typename Scalar>
    MatrixRef<Scalar> acted(MatrixRef<Scalar>& block) const {
        return by_places<Scalar>(block, all_).topRows(channels_);
    }
    template <typename Scalar>
    ConstMatrixRef<Scalar> carried(const ConstMatrixRef<Scalar>& block) const {
        return by_places<Scalar>(block, all_).bottomRows(all_ - channels_);
    }
    template <typename Scalar>
    MatrixRef<Scalar> carried(MatrixRef<Scalar>& block) const {
        return by_places<Scalar>(block, all_).bottomRows(all_ - channels_);
    }

    std::shared_ptr<const Activation> phi_;
    Index channels_;
    Index all_;
};

}  // namespace

std::shared_ptr<const Activation> with_carried(std::shared_ptr<const Activation> phi,
                                               Index channels, Index all) {
    const std::string name = phi->name();
    return std::make_shared<ActivationOf<Carried>>(name, Carried(std::move(phi), channels, all));
}

}  // namespace hoist
