#pragma once

#include <nlohmann/json.hpp>

#include "hoist/train/evaluation.hpp"
#include "model_argument.hpp"

namespace hoist {

/// How labels are predicted.
enum class Rule { feedforward, lifted };

/// How well a model does on some data.
struct ModelFigures {
    Evaluation evaluation;
    LiftedState lifted;
};

/// Collective over the world: evaluates on all of `data`; under the lifted rule accuracy, confusion
/// and loss are those of its scores. Leaves the stage's activations at their minimum. @pre labeled.
template <typename Scalar>
ModelFigures measure(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                     Rule rule);

/// The object that evaluate --json prints.
nlohmann::ordered_json to_json(const ModelFigures& figures, bool regression);

}  // namespace hoist
