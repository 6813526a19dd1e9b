#include "hoist/train/inference.hpp"

#include "hoist/train/forward_pass.hpp"
#include "hoist/train/relaxed_pass.hpp"

namespace hoist {

template <typename Scalar>
std::unique_ptr<Inference<Scalar>> make_inference(const FormulationOptions& options,
                                                  const Communicator& world,
                                                  const Placement& placement,
                                                  const Stage<Scalar>& stage) {
    if (options.is_lrrn()) {
        return std::make_unique<RelaxedPass<Scalar>>(options, world, placement, stage);
    }
    return std::make_unique<ForwardPass<Scalar>>(stage.network, world, placement, stage);
}

template <typename Scalar>
Answers answers_of(const Inference<Scalar>& inference, const NetworkSpec& network,
                   const Communicator& world, const Samples<Scalar>& samples) {
    Answers answers;
    answers.outputs.setZero(network.outputs(), samples.blocks.samples());
    answers.energies = inference.energies(
        samples, [&](Index layer, Range columns, const ConstMatrixRef<Scalar>& u) {
            if (layer == network.layers()) {
                answers.outputs.middleCols(samples.columns.begin + columns.begin, columns.size()) =
                    u.template cast<double>();
            }
        });
    world.sum(std::span(answers.outputs.data(), static_cast<std::size_t>(answers.outputs.size())));
    return answers;
}

template std::unique_ptr<Inference<float>> make_inference(const FormulationOptions&,
                                                          const Communicator&, const Placement&,
                                                          const Stage<float>&);
template std::unique_ptr<Inference<double>> make_inference(const FormulationOptions&,
                                                           const Communicator&, const Placement&,
                                                           const Stage<double>&);
template Answers answers_of(const Inference<float>&, const NetworkSpec&, const Communicator&,
                            const Samples<float>&);
template Answers answers_of(const Inference<double>&, const NetworkSpec&, const Communicator&,
                            const Samples<double>&);

}  // namespace hoist
