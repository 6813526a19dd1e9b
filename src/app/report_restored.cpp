#include "report_restored.hpp"

#include <algorithm>

#include "base64.hpp"
#include "hoist/train/picture_quality.hpp"
#include "restore.hpp"
#include "written_pictures.hpp"

namespace hoist {

template <typename Scalar>
nlohmann::ordered_json restored_json(const LoadedModel<Scalar>& model, const Communicator& world,
                                     Dataset& data) {
    constexpr Index most_restored = 6;
    constexpr Index most_side = 128;
    std::vector<Index> chosen;
    const Index step = std::max<Index>(1, data.samples() / most_restored);
    for (Index i = 0; i < data.samples() && std::ssize(chosen) < most_restored; i += step) {
        chosen.push_back(i);
    }
    nlohmann::ordered_json rows = nlohmann::json::array();
    const Index channels = model.header.network.block(0).channels;
    if (channels != 1 && channels != 3) {
        return rows;
    }
    restore<Scalar>(model, world, data, chosen, [&](const Restored& one) {
        const Shape& shape = one.picture.shape;
        const Shape shown{std::min(shape.rows, most_side), std::min(shape.columns, most_side),
                          channels};
        const Patch patch{(shape.rows - shown.rows) / 2, (shape.columns - shown.columns) / 2,
                          shown.rows, shown.columns};
        const auto view = [](const std::vector<double>& picture) {
            return Eigen::Map<const Vector<double>>(picture.data(), std::ssize(picture));
        };
        const auto bytes = [&](std::span<const double> picture) {
            std::vector<double> middle(static_cast<std::size_t>(shown.size()));
            CounterRandom unused(0, Purpose::degradation, {});
            degrade<double>({}, shape, picture, patch, unused, middle);
            const std::vector<unsigned char> levels = levels_of(view(middle));
            return base64({levels.begin(), levels.end()});
        };
        const Vector<double> clean = view(one.picture.clean);
        rows.push_back(
            {{"name", data.name(one.sample)},
             {"image", {shown.rows, shown.columns, shown.channels}},
             {"clean", bytes(one.picture.clean)},
             {"given", bytes(one.picture.given)},
             {"made", bytes(std::span(one.made.data(), one.picture.clean.size()))},
             {"given_psnr", compare_pictures(shape, clean, view(one.picture.given)).psnr},
             {"made_psnr", compare_pictures(shape, clean, one.made).psnr}});
    });
    return rows;
}

template nlohmann::ordered_json restored_json(const LoadedModel<float>&, const Communicator&,
                                              Dataset&);
template nlohmann::ordered_json restored_json(const LoadedModel<double>&, const Communicator&,
                                              Dataset&);

}  // namespace hoist
