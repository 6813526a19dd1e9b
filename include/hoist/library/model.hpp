#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/data/samples_in_memory.hpp"

namespace hoist {

/// A trained network, whole in the memory of one process; its functions talk to no other. Copies share it.
class [[gnu::visibility("default")]] Model {
  public:
    /// @param path a model.h5. @throws MissingError, DataError.
    static Model load(const std::string& path);
    /// @throws OutputError; then nothing half-written is left.
    void save(const std::string& path) const;

    Index inputs() const;
    Index outputs() const;

    /// What the network makes of each row, outputs() numbers one behind the other: probabilities of classes, or values.
    /// @throws UsageError where the rows have other than inputs() columns, DataError for what is not finite.
    std::vector<double> scores(const Rows& inputs) const;
    /// The class with the largest score, for each row.
    std::vector<Index> classes(const Rows& inputs) const;

    /// What the library knows of it.
    struct State;
    explicit Model(std::shared_ptr<const State> state);

  private:
    std::shared_ptr<const State> state_;
};

}  // namespace hoist
