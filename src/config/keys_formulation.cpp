#include <limits>

#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

namespace {

void read_beta(const Value& value, Config& config) {
    FormulationOptions& formulation = config.formulation;
    if (!formulation.is_lrrn()) {
        formulation.beta = value.number(1e-12, 1e12);
        return;
    }
    const Index maps = config.network.layers();
    const bool names_output =
        config.network.unsupervised() ||
        (static_cast<Index>(split(value.text, ',').size()) == maps && maps > 1);
    formulation.reconstruction = value.numbers(names_output ? maps : maps - 1, 0.0, 1e6);
    if (!names_output) {
        formulation.reconstruction.push_back(0.0);
    }
}

}  // namespace

std::vector<Key> formulation_keys() {
    return {
        {{"formulation.name", "classical",
          "what replaces x = phi(u): " + join(formulation_names(), ", ")},
         [](const Value& v, Config& c) {
             c.formulation.name = formulation_names()[v.choice(formulation_names())];
             if (c.formulation.is_lrrn() && !c.start_is_chosen) {
                 c.start = Start::orthogonal;
             }
         }},
        {{"formulation.lambda", "10", "penalty weight, one or one per block"},
         [](const Value& v, Config& c) {
             const Index blocks =
                 c.network.layers() - 1 + (c.network.output == Output::simplex ? 1 : 0);
             c.formulation.lambda = v.numbers(blocks, 1e-30, 1e30);
         }},
        {{"formulation.lambda_end", "same",
          "what lambda becomes over a run, one or one per hidden layer"},
         [](const Value& v, Config& c) {
             if (v.text != "same") {
                 c.formulation.lambda_end = v.numbers(c.network.layers() - 1, 1e-30, 1e30);
             }
         }},
        {{"formulation.lambda_until", "0.7", "share of the run after which it is reached"},
         [](const Value& v, Config& c) { c.formulation.lambda_until = v.number(0.0, 1.0); }},
        {{"formulation.step", "blocks",
          "activations move one layer after another (blocks) or all at once (joint)"},
         [](const Value& v, Config& c) {
             c.activation_step = static_cast<ActivationStep>(v.choice({"blocks", "joint"}));
         }},
        {{"formulation.joint_iterations", "20",
          "accelerated gradient steps of the joint step per sweep"},
         [](const Value& v, Config& c) {
             c.joint_iterations = static_cast<int>(v.whole_number(1, 1000000));
         }},
        {{"formulation.nnls", "coordinate_descent",
          "solver of the blocks: coordinate_descent, block_pivoting"},
         [](const Value& v, Config& c) {
             c.formulation.nnls.method = static_cast<NnlsOptions::Method>(
                 v.choice({"coordinate_descent", "block_pivoting"}));
         }},
        {{"formulation.nnls_sweeps", "2", "most sweeps of coordinate descent"},
         [](const Value& v, Config& c) {
             c.formulation.nnls.sweeps = static_cast<int>(v.whole_number(1, 1000000));
         }},
        {{"formulation.nnls_tolerance", "0",
          "relative change at which coordinate descent stops earlier; 0: never"},
         [](const Value& v, Config& c) { c.formulation.nnls.tolerance = v.number(0.0, 1.0); }},

        {{"formulation.iterations", "1",
          "proximal-gradient steps of a block; on mini-batches 1 is one step of any length"},
         [](const Value& v, Config& c) {
             c.formulation.iterations = static_cast<int>(v.whole_number(1, 1000000));
         }},
        {{"formulation.passes", "auto",
          "passes over a mini-batch: from the second on all activations move towards their joint "
          "minimum (mac, fenchel, bregman, clamped contrastive); auto: 3 for bregman, else 1"},
         [](const Value& v, Config& c) {
             c.formulation.passes =
                 v.text == "auto" ? 0 : static_cast<int>(v.whole_number(1, 1000));
         }},
        {{"formulation.tolerance", "0",
          "residual of the activations up to which a mini-batch passes, at most formulation.passes "
          "times: each batch as the one before needed; 0: always so often; of lrrn the change in "
          "the "
          "last sweep of a block"},
         [](const Value& v, Config& c) { c.formulation.tolerance = v.number(0.0, 1.0); }},
        {{"formulation.method", "accelerated",
          "of these steps (bregman): plain, accelerated, adaptive"},
         [](const Value& v, Config& c) {
             c.formulation.method =
                 static_cast<BlockMethod>(v.choice({"plain", "accelerated", "adaptive"}));
         }},
        {{"formulation.contrast", "dual",
          "states of contrastive: dual (propagation), clamped (with a discount)"},
         [](const Value& v, Config& c) {
             c.formulation.contrast = static_cast<Contrast>(v.choice({"dual", "clamped"}));
         }},
        {{"formulation.nudge", "both", "of the output (dual): positive, negative, both"},
         [](const Value& v, Config& c) {
             c.formulation.nudge = static_cast<Nudge>(v.choice({"positive", "negative", "both"}));
         }},
        {{"formulation.beta", "1",
          "strength of the nudge (dual); of the reconstruction (lrrn), one, one per hidden layer, "
          "or "
          "one per map, where the last is otherwise 0"},
         read_beta},
        {{"formulation.gamma", "auto", "discount per layer (clamped, lrrn); auto: 0.5, of lrrn 1"},
         [](const Value& v, Config& c) {
             c.formulation.gamma =
                 v.text == "auto" ? (c.formulation.is_lrrn() ? 1.0 : 0.5) : v.number(1e-6, 1.0);
         }},
        {{"formulation.sweeps", "8",
          "sweeps of a relaxation, and as many of its adjoint, at most (lrrn)"},
         [](const Value& v, Config& c) {
             c.formulation.sweeps = static_cast<int>(v.whole_number(1, 1000000));
         }},
        {{"formulation.phase", "adjoint",
          "what follows the free phase (lrrn): adjoint, nudged (both ways), clamped (the "
          "difference "
          "of two energies), class_energy (that of the clamped state)"},
         [](const Value& v, Config& c) {
             c.formulation.phase =
                 static_cast<LrrnPhase>(v.choice({"adjoint", "nudged", "clamped", "class_energy"}));
         }},
        {{"formulation.nudge_strength", "0.1", "of nudged, in slopes of the loss (lrrn)"},
         [](const Value& v, Config& c) { c.formulation.nudge_strength = v.number(1e-6, 1e6); }},
        {{"formulation.energy", "auto",
          "weight of the mean free energy beside the loss (lrrn); auto: 1 where network.output = "
          "none, else 0"},
         [](const Value& v, Config& c) {
             c.formulation.energy =
                 v.text == "auto" ? (c.network.unsupervised() ? 1.0 : 0.0) : v.number(0.0, 1e6);
         }},
        {{"formulation.offset", "auto",
          "what the loss takes from the score of the true class before it compares (lrrn); auto: 1 "
          "of hinge and squared_hinge, else 0"},
         [](const Value& v, Config& c) {
             const bool margin =
                 c.network.output == Output::hinge || c.network.output == Output::squared_hinge;
             c.formulation.offset = v.text == "auto" ? (margin ? 1.0 : 0.0) : v.number(-1e6, 1e6);
         }},
        {{"formulation.temperature", "1",
          "tau of the loss tau CE(u / tau): a small one for accuracy, a large one for radii "
          "(lrrn)"},
         [](const Value& v, Config& c) { c.formulation.temperature = v.number(1e-6, 1e6); }},
        {{"formulation.lipschitz", "1",
          "what the Lipschitz constant of the network is kept at or below: a number, or none "
          "(lrrn)"},
         [](const Value& v, Config& c) {
             c.formulation.lipschitz =
                 v.text == "none" ? std::numeric_limits<double>::infinity() : v.number(1e-6, 1e6);
         }},
    };
}

}  // namespace hoist
