#include "search.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "hoist/base/error.hpp"
#include "hoist/base/random.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/math/bayesian_optimization.hpp"
#include "run_trial.hpp"

namespace hoist {

namespace {

int place_of(const Communicator& world, int parallel) {
    return static_cast<int>(Index{world.rank()} * parallel / world.size());
}

}  // namespace

Search::Search(const Config& config, const SearchSpace& space, const SearchDirectory& directory,
               const Communicator& world, const SearchOptions& options, double least_error)
    : config_(config),
      space_(space),
      directory_(directory),
      world_(world),
      options_(options),
      least_error_(least_error),
      place_(place_of(world, options.parallel)),
      group_(world.split(place_)) {}

bool Search::operator()(std::vector<Trial>& trials) {
    while (!done(trials)) {
        if (interrupted()) {
            return false;
        }
        const Round round = next_round(trials);
        save(trials);
        run(round, trials);
        share(round);
        save(trials);
        for (const Trial* trial : round) {
            if (world_.rank() == 0 && trial->state != Trial::State::running) {
                options_.ended(*trial);
            }
        }
    }
    return true;
}

bool Search::done(const std::vector<Trial>& trials) const {
    return std::ssize(trials) >= options_.trials &&
           std::ranges::none_of(
               trials, [](const Trial& trial) { return trial.state == Trial::State::running; });
}

bool Search::interrupted() const { return world_.max(options_.interrupted() ? 1.0 : 0.0) > 0.0; }

// What an interruption has left over comes first: it was chosen before anything that is not yet.
Search::Round Search::next_round(std::vector<Trial>& trials) const {
    const auto parallel = static_cast<std::size_t>(options_.parallel);
    Round round;
    for (Trial& trial : trials) {
        if (trial.state == Trial::State::running && round.size() < parallel) {
            round.push_back(&trial);
        }
    }
    const Index missing = options_.trials - std::ssize(trials);
    if (!round.empty() || missing <= 0) {
        return round;
    }
    const auto before = trials.size();
    const Index chosen = std::min<Index>(missing, options_.parallel);
    std::string proposals;
    agree(world_, [&] {
        if (world_.rank() == 0) {
            std::vector<Vector<double>> pending;
            for (Index i = 0; i < chosen; ++i) {
                const std::vector<std::string> values = choose(trials, pending);
                pending.push_back(space_.point(values));
                proposals += join(values, ",") + "\n";
            }
        }
    });
    const auto lines = split(world_.broadcast(proposals, 0), '\n');
    const Index number = before == 0 ? 1 : trials.back().number + 1;
    const Index round_number = before == 0 ? 1 : trials.back().round + 1;
    for (Index i = 0; i < chosen; ++i) {
        Trial trial;
        trial.number = number + i;
        trial.round = round_number;
        trial.values = split(lines[static_cast<std::size_t>(i)], ',');
        trials.push_back(std::move(trial));
    }
    for (std::size_t i = before; i < trials.size(); ++i) {
        round.push_back(&trials[i]);
    }
    agree(world_, [&] {
        for (const Trial* trial : round) {
            parse_config(space_.settings(trial->values));
        }
    });
    return round;
}

std::vector<std::string> Search::choose(const std::vector<Trial>& trials,
                                        const std::vector<Vector<double>>& pending) const {
    if (options_.sampler == SearchOptions::Sampler::random) {
        const auto number = trials.size() + pending.size() + 1;
        std::mt19937_64 engine = random_engine(config_.seed, Purpose::tuning, number);
        std::uniform_real_distribution<double> uniform;
        return space_.values(
            Vector<double>::NullaryExpr(space_.dimensions(), [&] { return uniform(engine); }));
    }
    // Ratios of errors matter, not differences: the logarithm keeps hopeless values from hiding
    // what is to be told apart at the bottom. What diverged is as bad as the worst.
    std::vector<Evaluated> evaluated;
    double worst = 0.0;
    for (const Trial& trial : trials) {
        if (trial.judged()) {
            const double error = error_of(figure_of(config_.network), trial.figure());
            const double value = std::log(std::max(error, least_error_));
            worst = evaluated.empty() ? value : std::max(worst, value);
            evaluated.push_back({space_.point(trial.values), value});
        }
    }
    for (const Trial& trial : trials) {
        if (trial.state == Trial::State::diverged) {
            evaluated.push_back({space_.point(trial.values), worst});
        }
    }
    const BayesianOptimizer optimizer(
        space_.dimensions(), config_.seed,
        [&](const Vector<double>& point) { return space_.point(space_.values(point)); });
    return space_.values(optimizer.propose(evaluated, pending));
}

void Search::run(const Round& round, const std::vector<Trial>& trials) {
    std::optional<Error> error;
    if (static_cast<std::size_t>(place_) < round.size()) {
        Trial& own = *round[static_cast<std::size_t>(place_)];
        std::vector<std::vector<double>> earlier;
        for (const Trial& trial : trials) {
            const bool compared = trial.judged() && trial.round < own.round;
            if (compared && options_.stop == SearchOptions::Stop::median) {
                earlier.push_back(trial.figures);
            }
        }
        try {
            run_trial(own, space_.settings(own.values), directory_.run(own), group_, earlier,
                      options_.interrupted);
        } catch (const Error& thrown) {
            if (!thrown.agreed() && group_.size() > 1) {
                throw;
            }
            error = thrown;
        }
    }
    agree(world_, [&] {
        if (error) {
            throw *error;
        }
    });
}

// The first rank of each group knows how its trial ended; then every rank knows of all.
void Search::share(const Round& round) const {
    const auto own = static_cast<std::size_t>(place_);
    const bool tells = group_.rank() == 0 && own < round.size();
    std::vector<double> endings(3 * round.size(), 0.0);
    if (tells) {
        endings[3 * own] = static_cast<double>(round[own]->state);
        endings[3 * own + 1] = round[own]->seconds;
        endings[3 * own + 2] = static_cast<double>(round[own]->figures.size());
    }
    world_.sum(std::span(endings));
    for (std::size_t i = 0; i < round.size(); ++i) {
        Trial& trial = *round[i];
        trial.state = static_cast<Trial::State>(static_cast<int>(endings[3 * i]));
        trial.seconds = endings[3 * i + 1];
        std::vector<double> figures(static_cast<std::size_t>(endings[3 * i + 2]), 0.0);
        if (tells && i == own) {
            figures = trial.figures;
        }
        world_.sum(std::span(figures));
        trial.figures = std::move(figures);
    }
}

void Search::save(const std::vector<Trial>& trials) const {
    agree(world_, [&] {
        if (world_.rank() == 0) {
            directory_.write_trials(trials);
        }
    });
}

}  // namespace hoist
