#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "hoist/config/config.hpp"

namespace hoist {

/// One value on its way from text into the configuration. Every function throws UsageError for what
/// it does not take.
struct Value {
    std::string name;
    std::string text;

    [[noreturn]] void refuse(const std::string& why, const std::string& advice) const;

    double number(double least, double most = INFINITY) const;
    Index whole_number(Index least, Index most = Index{1} << 40) const;
    bool yes_or_no() const { return choice({"false", "true"}) == 1; }
    std::size_t choice(const std::vector<std::string>& choices) const;
    /// A list of numbers with commas; one number stands for all.
    std::vector<double> numbers(Index count, double least, double most = INFINITY) const;
};

/// A row of the table of keys.
struct Key : ConfigKey {
    /// @pre the keys above it have been read, since it may depend on them.
    std::function<void(const Value&, Config&)> read;
};

/// The keys of each section: a new one is a row in its section's file.
std::vector<Key> data_keys();
std::vector<Key> network_keys();
std::vector<Key> formulation_keys();
std::vector<Key> weights_keys();
std::vector<Key> train_keys();
std::vector<Key> grid_keys();
std::vector<Key> checkpoint_keys();

/// Whether all weights take steps along gradients on mini-batches, and no regression or Gram matrix is behind any.
bool follows_gradients(const Config& config);

/// What each key allows by itself and the method as a whole does not. @throws UsageError.
void check_choices(const Config& config);
/// Of these, what concerns formulation.name = lrrn.
void check_lrrn_method(const Config& config);
/// The same of what is learned beside the weights of single maps: splines, and weights that several maps share.
void check_learned_together(const Config& config);
/// The same of lifted inputs, and of a loss that is a spline.
void check_lifted_fits(const Config& config);

}  // namespace hoist
