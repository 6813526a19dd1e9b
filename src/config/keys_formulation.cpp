#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

std::vector<Key> formulation_keys() {
    return {
        {{"formulation.name", "classical",
          "what replaces x = phi(u): " + join(formulation_names(), ", ")},
         [](const Value& v, Config& c) {
             c.formulation.name = formulation_names()[v.choice(formulation_names())];
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
          "times: each batch as the one before needed; 0: always so often"},
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
        {{"formulation.beta", "1", "strength of the nudge (dual)"},
         [](const Value& v, Config& c) { c.formulation.beta = v.number(1e-12, 1e12); }},
        {{"formulation.gamma", "0.5", "discount per layer (clamped)"},
         [](const Value& v, Config& c) { c.formulation.gamma = v.number(1e-6, 1.0); }},
    };
}

}  // namespace hoist
