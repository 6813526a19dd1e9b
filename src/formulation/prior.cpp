#include "hoist/formulation/prior.hpp"

#include <limits>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

Vector<double> half_squares(const ConstMatrixRef<double>& x) {
    return 0.5 * x.colwise().squaredNorm().transpose();
}

class TikhonovPrior final : public Prior {
  public:
    Vector<double> value(const ConstMatrixRef<double>& x) const override { return half_squares(x); }
    void prox(Range columns, const Vector<double>& weight, const ConstMatrixRef<double>& v,
              MatrixRef<double> x) override {
        const auto own = weight.segment(columns.begin, columns.size()).array();
        x = v * (1.0 / (1.0 + own)).matrix().asDiagonal();
    }
};

class BoxPrior final : public Prior {
  public:
    BoxPrior(Vector<double> lower, Vector<double> upper)
        : lower_(std::move(lower)), upper_(std::move(upper)) {
        require(lower_.size() == upper_.size() && (lower_.array() <= upper_.array()).all(),
                "a box has a lower and an upper bound of each input");
    }
    Vector<double> value(const ConstMatrixRef<double>& x) const override {
        Vector<double> values = half_squares(x);
        for (Index j = 0; j < x.cols(); ++j) {
            if (!((x.col(j) - lower_).array() >= 0.0 && (upper_ - x.col(j)).array() >= 0.0).all()) {
                values[j] = std::numeric_limits<double>::infinity();
            }
        }
        return values;
    }
    // A sum over coordinates: the minimizer of each is that of the parabola, brought to its bounds.
    void prox(Range columns, const Vector<double>& weight, const ConstMatrixRef<double>& v,
              MatrixRef<double> x) override {
        for (Index j = 0; j < columns.size(); ++j) {
            x.col(j) =
                (v.col(j) / (1.0 + weight[columns.begin + j])).cwiseMax(lower_).cwiseMin(upper_);
        }
    }

  private:
    Vector<double> lower_;
    Vector<double> upper_;
};

class VariationPrior final : public Prior {
  public:
    VariationPrior(const TotalVariation& variation, Index inputs)
        : variation_(variation),
          dual_(Matrix<double>::Zero(variation.picture().size(), 2 * inputs)) {}

    Vector<double> value(const ConstMatrixRef<double>& x) const override {
        Vector<double> values(x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            values[j] = variation_(x.col(j));
        }
        return values;
    }
    // From the dual of the last call, which is near, a few steps come closer than many from zero.
    void prox(Range columns, const Vector<double>& weight, const ConstMatrixRef<double>& v,
              MatrixRef<double> x) override {
        constexpr double relative = 1e-9;
        constexpr int most_steps = 64;
        for (Index j = 0; j < columns.size(); ++j) {
            const Index column = columns.begin + j;
            variation_.prox(weight[column], v.col(j), relative * v.col(j).squaredNorm(), most_steps,
                            dual_.middleCols(2 * column, 2), x.col(j));
        }
    }

  private:
    TotalVariation variation_;
    Matrix<double> dual_;
};

}  // namespace

PriorKind parse_prior(const std::string& name) {
    if (name == "tikhonov") {
        return PriorKind::tikhonov;
    }
    if (name == "tv") {
        return PriorKind::tv;
    }
    if (name == "box") {
        return PriorKind::box;
    }
    const std::vector<std::string> names{"tikhonov", "tv", "box"};
    const auto meant = nearest(name, names);
    throw UsageError("--prior " + name + " is unknown", "",
                     meant ? "did you mean " + *meant + "?" : "use tikhonov, tv or box");
}

Variation parse_variation(const std::string& name) {
    if (name == "isotropic") {
        return Variation::isotropic;
    }
    if (name == "anisotropic") {
        return Variation::anisotropic;
    }
    throw UsageError("--variation " + name + " is unknown", "", "use isotropic or anisotropic");
}

std::unique_ptr<Prior> make_prior(const PriorOptions& options, Index inputs) {
    switch (options.kind) {
        case PriorKind::tv:
            require(options.picture.places() > 1, "total variation is that of a picture");
            return std::make_unique<VariationPrior>(
                TotalVariation(options.picture, options.variation), inputs);
        case PriorKind::box:
            return std::make_unique<BoxPrior>(options.lower, options.upper);
        default:
            return std::make_unique<TikhonovPrior>();
    }
}

}  // namespace hoist
