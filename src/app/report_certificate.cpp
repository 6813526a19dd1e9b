#include "report_certificate.hpp"

#include <algorithm>

#include "model_certificate.hpp"

namespace hoist {

template <typename Scalar>
nlohmann::ordered_json certificate_json(LoadedModel<Scalar>& model, const Communicator& world,
                                        Dataset& data) {
    const LipschitzBound bound = bound_of(model, world);
    const Radii radii = certify_samples(model, world, data, bound).radii;
    constexpr int points = 80;
    const double farthest = std::ranges::max(radii.predicted);
    nlohmann::ordered_json curve = nlohmann::json::array();
    for (int i = 0; i <= points; ++i) {
        const double radius = farthest * i / points;
        curve.push_back({radius, radii.certified(radius)});
    }
    return {{"bound", bound.whole()},
            {"median_radius", median_radius(radii.predicted)},
            {"curve", curve}};
}

template nlohmann::ordered_json certificate_json(LoadedModel<float>&, const Communicator&,
                                                 Dataset&);
template nlohmann::ordered_json certificate_json(LoadedModel<double>&, const Communicator&,
                                                 Dataset&);

}  // namespace hoist
