#include "model_certificate.hpp"

#include <algorithm>

#include "hoist/comm/agree.hpp"

namespace hoist {

template <typename Scalar>
LipschitzBound bound_of(const LoadedModel<Scalar>& model, const Communicator& world) {
    return lipschitz_bound(model.config.formulation, world, model.peers, model.stage,
                           model.header.standardization);
}

template <typename Scalar>
CertifiedSamples certify_samples(const LoadedModel<Scalar>& model, const Communicator& world,
                                 Dataset& data, const LipschitzBound& bound) {
    const NetworkSpec& network = model.header.network;
    const std::vector<Index> all = all_samples(data.samples());
    const auto inference = model.inference(world);
    CertifiedSamples certified;
    certified.outputs.resize(network.outputs(), data.samples());
    for (Index first = 0; first < data.samples(); first += samples_at_once) {
        const Index count = std::min(samples_at_once, data.samples() - first);
        const Samples<Scalar> samples =
            load_for_model(model, world, data, {all.begin() + first, all.begin() + first + count});
        certified.outputs.middleCols(first, count) =
            answers_of(*inference, network, world, samples).outputs;
    }
    std::vector<Index> labels(all.size());
    agree(world, [&] { data.read_labels(all, labels); });
    certified.radii = radii_of(certified.outputs, labels, bound);
    return certified;
}

template LipschitzBound bound_of(const LoadedModel<float>&, const Communicator&);
template LipschitzBound bound_of(const LoadedModel<double>&, const Communicator&);
template CertifiedSamples certify_samples(const LoadedModel<float>&, const Communicator&, Dataset&,
                                          const LipschitzBound&);
template CertifiedSamples certify_samples(const LoadedModel<double>&, const Communicator&, Dataset&,
                                          const LipschitzBound&);

}  // namespace hoist
