#pragma once

#include <functional>

#include "trials.hpp"

namespace hoist {

/// How a search goes about its trials.
struct SearchOptions {
    enum class Sampler { gp, random };
    enum class Stop { median, never };

    Index trials = 20;
    /// Trials side by side, each on its share of the ranks.
    int parallel = 1;
    Sampler sampler = Sampler::gp;
    Stop stop = Stop::median;
    /// Asked on every rank: whether to stop with a checkpoint.
    std::function<bool()> interrupted;
    /// Told on rank 0 of every trial that ends.
    std::function<void(const Trial&)> ended;
};

/// Looks for the values of a search space that give the best validation figure. Trials go in
/// rounds: as many as run side by side are chosen together from the rounds before, so that what is
/// chosen depends on figures alone, never on time, and a search that was interrupted goes on
/// exactly.
class Search {
  public:
    /// @param least_error what validation can tell from none. All references must outlive it.
    /// Collective over the world. @pre options.parallel is at most the number of ranks.
    Search(const Config& config, const SearchSpace& space, const SearchDirectory& directory,
           const Communicator& world, const SearchOptions& options, double least_error);

    /// Runs what is missing from `trials`, the same on every rank. Collective over the world.
    /// @return whether all are done, not interrupted. @throws as run_trial, on every rank.
    bool operator()(std::vector<Trial>& trials);

  private:
    using Round = std::vector<Trial*>;

    bool done(const std::vector<Trial>& trials) const;
    bool interrupted() const;
    Round next_round(std::vector<Trial>& trials) const;
    std::vector<std::string> choose(const std::vector<Trial>& trials,
                                    const std::vector<Vector<double>>& pending) const;
    void run(const Round& round, const std::vector<Trial>& trials);
    void share(const Round& round) const;
    void save(const std::vector<Trial>& trials) const;

    const Config& config_;
    const SearchSpace& space_;
    const SearchDirectory& directory_;
    const Communicator& world_;
    const SearchOptions& options_;
    double least_error_;
    /// The number of this rank's group, and the group.
    int place_;
    Communicator group_;
};

}  // namespace hoist
