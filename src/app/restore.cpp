#include "restore.hpp"

#include <algorithm>

#include "hoist/comm/agree.hpp"
#include "hoist/train/picture_quality.hpp"

namespace hoist {

namespace {

double unit_of(const ModelHeader& header) {
    return header.targets.empty() ? 1.0 : 1.0 / header.targets.scale[0];
}

}  // namespace

void choose_degradation(const ConfigText& given, bool as_they_are, Config& config) {
    if (const auto asked = given.find("data.degrade"); asked != given.end()) {
        config.degradation = parse_degradation(asked->second);
    } else if (as_they_are && !given.empty()) {
        config.degradation.clear();
    }
    if (const auto asked = given.find("data.seed"); asked != given.end()) {
        ConfigText text;
        text["data.seed"] = asked->second;
        config.data.seed = parse_config(text).data.seed;
    }
}

template <typename Scalar>
std::vector<Judged<Scalar>> load_pictures_for(const LoadedModel<Scalar>& model,
                                              const Communicator& world, Dataset& data,
                                              const std::vector<Index>& chosen) {
    std::vector<Judged<Scalar>> parts;
    agree(world, [&] {
        parts = load_pictures<Scalar>(data, chosen, model.header.network, model.placement,
                                      world.rank(), model.config.degradation,
                                      model.config.data.seed, unit_of(model.header));
    });
    return parts;
}

template <typename Scalar>
void restore(const LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
             const std::vector<Index>& chosen, const std::function<void(const Restored&)>& tell) {
    constexpr std::size_t at_once = 16;
    for (std::size_t first = 0; first < chosen.size(); first += at_once) {
        const std::vector<Index> some(
            chosen.begin() + static_cast<std::ptrdiff_t>(first),
            chosen.begin() + static_cast<std::ptrdiff_t>(std::min(first + at_once, chosen.size())));
        for (const Judged<Scalar>& part : load_pictures_for(model, world, data, some)) {
            const Stage<Scalar> stage = part.stage(model.stage);
            const auto inference =
                make_inference<Scalar>(model.config.formulation, world, model.placement, stage);
            const Matrix<double> outputs =
                answers_of(*inference, stage.network, world, part.samples).outputs;
            agree(world, [&] {
                for (std::size_t i = 0; world.rank() == 0 && i < part.positions.size(); ++i) {
                    Restored one;
                    one.sample = some[static_cast<std::size_t>(part.positions[i])];
                    one.picture = give_picture(data, one.sample, model.header.network,
                                               model.config.degradation, model.config.data.seed);
                    const std::vector<double>& given = one.picture.fitting_given;
                    one.made = made_picture(
                        stage.network, one.picture.shape, unit_of(model.header),
                        Eigen::Map<const Vector<double>>(given.data(), std::ssize(given)),
                        outputs.col(static_cast<Index>(i)));
                    tell(one);
                }
            });
        }
    }
}

template std::vector<Judged<float>> load_pictures_for(const LoadedModel<float>&,
                                                      const Communicator&, Dataset&,
                                                      const std::vector<Index>&);
template std::vector<Judged<double>> load_pictures_for(const LoadedModel<double>&,
                                                       const Communicator&, Dataset&,
                                                       const std::vector<Index>&);
template void restore(const LoadedModel<float>&, const Communicator&, Dataset&,
                      const std::vector<Index>&, const std::function<void(const Restored&)>&);
template void restore(const LoadedModel<double>&, const Communicator&, Dataset&,
                      const std::vector<Index>&, const std::function<void(const Restored&)>&);

}  // namespace hoist
