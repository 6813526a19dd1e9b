#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "hoist/train/evaluation.hpp"
#include "model_argument.hpp"

namespace hoist {

/// How labels are predicted.
enum class Rule { feedforward, lifted };
/// What is predicted beside that, from changed samples.
enum class Augment { none, mirror };

/// How well a model does on some data.
struct ModelFigures {
    Evaluation evaluation;
    /// Of the first samples, all but for large pictures; of a network of pictures nothing.
    LiftedState lifted;
    Index minimized_samples = 0;
    /// In per cent, where the scores of each image and of its mirror image are averaged.
    std::optional<double> mirrored_accuracy;
};

/// Collective over the world: evaluates on all of `data`; under the lifted rule accuracy, confusion
/// and loss are those of its scores. @pre labeled, unless the network knows of no targets. @throws
/// UsageError where `augment` asks for images and the inputs are none.
template <typename Scalar>
ModelFigures measure(LoadedModel<Scalar>& model, const Communicator& world, Dataset& data,
                     Rule rule, Augment augment = Augment::none);

/// The object that evaluate --json prints.
nlohmann::ordered_json to_json(const ModelFigures& figures, Figure judged);

}  // namespace hoist
