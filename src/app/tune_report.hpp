#pragma once

#include <string>
#include <vector>

#include "hoist/config/config.hpp"
#include "trials.hpp"

namespace hoist {

/// Tells on rank 0 how a search goes.
class TuneReport {
  public:
    /// @param trials how many there are to be. All references must outlive it.
    TuneReport(const Config& config, const SearchSpace& space, const SearchDirectory& directory,
               Index trials)
        : config_(config), space_(space), directory_(directory), trials_(trials) {}

    void ended(const Trial& trial) const;

    /// Writes the best configuration too. @param best the complete trials, the best first.
    void closed(const std::vector<const Trial*>& best) const;

  private:
    std::string figure(const Trial& trial) const;

    const Config& config_;
    const SearchSpace& space_;
    const SearchDirectory& directory_;
    Index trials_;
};

}  // namespace hoist
