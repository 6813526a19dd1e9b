#include "hoist/train/sweep.hpp"

namespace hoist {

template <typename Scalar>
Sweep<Scalar>::Sweep(const Config& config, const Communicator& world, const Communicator& peers,
                     const Placement& placement, const Samples<Scalar>& samples,
                     Stage<Scalar>& stage, Variables<Scalar>& variables)
    : stage_(stage),
      inner_(config.inner),
      relaxation_(config, world, peers, placement, samples, stage, variables),
      terms_(relaxation_.terms()) {
    const PhaseClock clock(relaxation_.times().weights);
    if (config.chooses) {
        choice_.emplace(config.formulation.loss, peers, samples.blocks.samples(), stage,
                        relaxation_.times());
        return;
    }
    refit_.emplace(config, peers, samples.blocks.samples(), stage, weights_above(),
                   relaxation_.times());
    if (stage.lowest() == 0) {
        for (const Index block : relaxation_.order()) {
            refit_->add_inputs(terms_.activations(0, block));
        }
        refit_->factor_inputs();
    }
}

template <typename Scalar>
std::vector<double> Sweep<Scalar>::weights_above() const {
    std::vector<double> weights;
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        weights.push_back(terms_.weight_above(l));
    }
    return weights;
}

template <typename Scalar>
void Sweep<Scalar>::attempt(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        failure_ = error;
    }
}

template <typename Scalar>
void Sweep<Scalar>::weigh(const std::vector<double>& lambda) {
    const PhaseClock clock(relaxation_.times().weights);
    terms_.weigh(lambda);
    attempt([this] {
        if (refit_) {
            refit_->weigh(weights_above());
        }
        terms_.prepare();
    });
}

template <typename Scalar>
void Sweep<Scalar>::operator()() {
    relaxation_.move([this](Index block) { accumulate(block); });
    refit();
    relaxation_.propagate(Relaxation<Scalar>::WeightsAre::changed);
}

template <typename Scalar>
void Sweep<Scalar>::accumulate(Index block) {
    const PhaseClock clock(relaxation_.times().weights);
    if (choice_) {
        choice_->add(terms_.activations(0, block), terms_.targets(block));
        return;
    }
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        if (terms_.is_output(l) && !terms_.output().quadratic()) {
            terms_.apply(l, block);  // T is taken where x has moved to
        }
        refit_->add(l, terms_.activations(l, block), terms_.regression_target(l, block));
    }
}

template <typename Scalar>
void Sweep<Scalar>::refit() {
    const PhaseClock clock(relaxation_.times().weights);
    if (choice_) {
        choice_->solve();
        return;
    }
    attempt([this] {
        refit_->solve();
        if (terms_.is_output(stage_.highest()) && !terms_.output().quadratic()) {
            improve_output();
        }
        terms_.prepare();
    });
}

template <typename Scalar>
void Sweep<Scalar>::improve_output() {
    const Index top = stage_.highest();
    refit_->improve_output(inner_ - 1, [&](NormalEquations& moments) {
        for (const Index block : relaxation_.order()) {
            terms_.apply(top, block);
            refit_->add(moments, top, terms_.activations(top, block),
                        terms_.target_above(top, block));
        }
    });
}

template class Sweep<float>;
template class Sweep<double>;

}  // namespace hoist
