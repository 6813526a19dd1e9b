#include "hoist/math/radon.hpp"

#include <Eigen/SparseCore>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "hoist/base/error.hpp"

namespace hoist {

Radon::Radon(Index angles, Index rows, Index columns)
    : angles_(angles),
      rows_(rows),
      columns_(columns),
      detectors_(static_cast<Index>(std::ceil(
                     std::hypot(static_cast<double>(rows), static_cast<double>(columns)))) +
                 2) {
    require(angles > 0 && rows > 0 && columns > 0, "a picture has pixels and projections");
}

// Visits each ray and place with the share that the ray has of it.
template <typename Visit>
void Radon::for_each_share(const Visit& visit) const {
    const auto middle = [](Index count) { return 0.5 * static_cast<double>(count - 1); };
    for (Index angle = 0; angle < angles_; ++angle) {
        const double theta =
            std::numbers::pi * static_cast<double>(angle) / static_cast<double>(angles_);
        const double across = std::cos(theta);
        const double down = std::sin(theta);
        for (Index row = 0; row < rows_; ++row) {
            for (Index column = 0; column < columns_; ++column) {
                const double at = (static_cast<double>(column) - middle(columns_)) * across +
                                  (static_cast<double>(row) - middle(rows_)) * down +
                                  middle(detectors_);
                const double below = std::floor(at);
                const Index ray = angle * detectors_ + static_cast<Index>(below);
                const Index place = row * columns_ + column;
                visit(ray, place, 1.0 - (at - below));
                visit(ray + 1, place, at - below);
            }
        }
    }
}

std::vector<double> Radon::project(std::span<const double> picture) const {
    require(std::ssize(picture) == places(), "a picture is projected");
    const double scale = 1.0 / static_cast<double>(std::max(rows_, columns_));
    std::vector<double> rays(static_cast<std::size_t>(this->rays()), 0.0);
    for_each_share([&](Index ray, Index place, double shared) {
        rays[static_cast<std::size_t>(ray)] +=
            scale * shared * picture[static_cast<std::size_t>(place)];
    });
    return rays;
}

std::vector<double> Radon::back_project(std::span<const double> rays) const {
    require(std::ssize(rays) == this->rays(), "its rays are projected back");
    const double scale = 1.0 / static_cast<double>(angles_);
    std::vector<double> picture(static_cast<std::size_t>(places()), 0.0);
    for_each_share([&](Index ray, Index place, double shared) {
        picture[static_cast<std::size_t>(place)] +=
            scale * shared * rays[static_cast<std::size_t>(ray)];
    });
    return picture;
}

Matrix<double> Radon::normal() const {
    std::vector<Eigen::Triplet<double>> shared;
    shared.reserve(static_cast<std::size_t>(2 * angles_ * places()));
    for_each_share([&](Index ray, Index place, double share) {
        shared.emplace_back(static_cast<int>(ray), static_cast<int>(place), share);
    });
    Eigen::SparseMatrix<double> h(rays(), places());
    h.setFromTriplets(shared.begin(), shared.end());
    const double scale =
        1.0 / (static_cast<double>(angles_) * static_cast<double>(std::max(rows_, columns_)));
    Matrix<double> normal(places(), places());
    for (Index place = 0; place < places(); ++place) {
        const Vector<double> rays = h.col(place);
        normal.col(place).noalias() = scale * (h.transpose() * rays);
    }
    return normal;
}

}  // namespace hoist
