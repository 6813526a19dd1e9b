#include "hoist/train/lifted_state.hpp"

#include <cmath>

#include "hoist/math/softmax.hpp"
#include "hoist/train/evaluation.hpp"
#include "hoist/train/relaxed_pass.hpp"

namespace hoist {

namespace {

/// When sweeps over activations end.
struct Settled {
    double relative_change;
    int most_sweeps;
};

// Figures are shown with few digits, whereas labels are told apart by small differences.
constexpr Settled for_figures{1e-4, 20};
constexpr Settled for_scores{1e-5, 200};

// Sweeps over activations alone until the energy settles. Returns it, over all ranks.
template <typename Scalar>
Energy move_to_the_minimum(const PlacedNetwork<Scalar>& network, Relaxation<Scalar>& relaxation,
                           const Settled& settled) {
    const auto total = [&] {
        const Energy own = relaxation.energy();
        std::vector<double> sums{own.loss, own.penalty, own.ridge};
        network.world.sum(std::span(sums));
        return Energy{sums[0], sums[1], sums[2]};
    };
    relaxation.forward();
    Energy energy = total();
    for (int i = 0; i < settled.most_sweeps && network.config.network.layers() > 1; ++i) {
        const double before = energy.objective();
        relaxation();
        energy = total();
        if (std::abs(before - energy.objective()) <= settled.relative_change * std::abs(before)) {
            break;
        }
    }
    relaxation.settle();
    return energy;
}

// Block by block on whatever schedule the training had: the minimizer is the same.
Config by_blocks(Config config) {
    config.schedule = Schedule::wavefront;
    config.activation_step = ActivationStep::blocks;
    return config;
}

Matrix<double> scores_of_energies(const Matrix<double>& energies) {
    const Matrix<double> negative = -energies;
    Matrix<double> scores(energies.rows(), energies.cols());
    softmax<double>(negative, scores);
    return scores;
}

template <typename Scalar>
Matrix<double> class_energies(const PlacedNetwork<Scalar>& network,
                              const Samples<Scalar>& samples) {
    FormulationOptions options = network.config.formulation;
    options.phase = LrrnPhase::class_energy;
    return RelaxedPass<Scalar>(options, network.world, network.placement, network.stage)
        .class_energies(samples);
}

}  // namespace

template <typename Scalar>
LiftedState minimize_activations(PlacedNetwork<Scalar> network, const Samples<Scalar>& samples) {
    const Config config = by_blocks(network.config);
    Variables<Scalar> variables(network.stage.layers);
    Relaxation<Scalar> relaxation(config, network.world, network.peers, network.placement, samples,
                                  network.stage, variables);
    LiftedState state;
    state.energy = move_to_the_minimum(network, relaxation, for_figures);
    state.gap = relaxation.terms().gaps();
    network.world.sum(std::span(state.gap));
    state.gap_formula = relaxation.terms().gap_formula();
    return state;
}

template <typename Scalar>
Matrix<double> network_scores(PlacedNetwork<Scalar> network, const Samples<Scalar>& samples) {
    const NetworkSpec& spec = network.config.network;
    const auto output = make_output_block<Scalar>(spec.output, network.config.formulation);
    const auto inference = make_inference<Scalar>(network.config.formulation, network.world,
                                                  network.placement, network.stage);
    Matrix<double> scores = Matrix<double>::Zero(spec.outputs(), samples.blocks.samples());
    Matrix<Scalar> block_scores;
    (*inference)(samples, [&](Index layer, Range columns, const ConstMatrixRef<Scalar>& u) {
        if (layer == spec.layers()) {
            block_scores.resize(u.rows(), u.cols());
            output->scores(u, block_scores);
            scores.middleCols(samples.columns.begin + columns.begin, columns.size()) =
                block_scores.template cast<double>();
        }
    });
    network.world.sum(std::span(scores.data(), static_cast<std::size_t>(scores.size())));
    if (!network.targets.empty()) {
        scores.array() = scores.array() / network.targets.scale[0] + network.targets.mean[0];
    }
    return scores;
}

template <typename Scalar>
Matrix<double> lifted_scores(PlacedNetwork<Scalar> network, const Samples<Scalar>& samples) {
    const NetworkSpec& spec = network.config.network;
    if (figure_of(spec) != Figure::accuracy) {
        return network_scores(network, samples);
    }
    if (network.config.formulation.is_lrrn()) {
        return scores_of_energies(class_energies(network, samples));
    }
    const Config config = by_blocks(network.config);
    Samples<Scalar> labeled = samples;
    Variables<Scalar> variables(network.stage.layers);
    const bool last = network.placement.last(network.world.rank());
    Matrix<double> energies = Matrix<double>::Zero(spec.outputs(), samples.blocks.samples());
    for (Index label = 0; label < spec.outputs(); ++label) {
        labeled.targets.setZero(last ? spec.outputs() : 0, last ? samples.columns.size() : 0);
        if (last) {
            labeled.targets.row(label).setOnes();
        }
        Relaxation<Scalar> relaxation(config, network.world, network.peers, network.placement,
                                      labeled, network.stage, variables);
        move_to_the_minimum(network, relaxation, for_scores);
        energies.row(label).segment(samples.columns.begin, samples.columns.size()) =
            relaxation.column_energy().transpose();
    }
    network.world.sum(std::span(energies.data(), static_cast<std::size_t>(energies.size())));
    return scores_of_energies(energies);
}

template LiftedState minimize_activations(PlacedNetwork<float>, const Samples<float>&);
template LiftedState minimize_activations(PlacedNetwork<double>, const Samples<double>&);
template Matrix<double> network_scores(PlacedNetwork<float>, const Samples<float>&);
template Matrix<double> network_scores(PlacedNetwork<double>, const Samples<double>&);
template Matrix<double> lifted_scores(PlacedNetwork<float>, const Samples<float>&);
template Matrix<double> lifted_scores(PlacedNetwork<double>, const Samples<double>&);

}  // namespace hoist
