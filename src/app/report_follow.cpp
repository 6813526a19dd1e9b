#include "report_follow.hpp"

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <tuple>

#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/io/directory_lock.hpp"
#include "page_server.hpp"
#include "report_model.hpp"
#include "report_page.hpp"
#include "report_run.hpp"
#include "report_runs.hpp"
#include "stop_signals.hpp"

namespace hoist {

namespace {

using Json = nlohmann::ordered_json;

constexpr int usual_port = 8642;
constexpr auto between_looks = std::chrono::milliseconds(250);
constexpr auto between_checks = std::chrono::milliseconds(50);
constexpr auto time_to_end = std::chrono::seconds(2);

/// What changes when a file does.
std::string mark_of(const std::filesystem::path& path) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) {
        return "-";
    }
    return path.string() + ' ' + std::to_string(status.st_ino) + ' ' +
           std::to_string(status.st_size) + ' ' + std::to_string(status.st_mtim.tv_sec) + ' ' +
           std::to_string(status.st_mtim.tv_nsec);
}

/// A run as rank 0 sees it.
class FollowedRun {
  public:
    /// @throws as follow().
    explicit FollowedRun(const std::string& directory) : directory_(directory) {
        std::error_code error;
        if (!std::filesystem::is_directory(directory_.path(), error)) {
            throw MissingError(
                "cannot follow " + directory, error ? error.message() : "it is not a directory",
                "start the run first, or give the directory that hoist train names as --out");
        }
        read();
    }

    /// @return whether anything is new.
    bool look() {
        const std::string marks = marks_now();
        if (marks == marks_) {
            return false;
        }
        try {
            read();
        } catch (const DataError& error) {
            json_["state"] = "damaged";
            json_["problem"] = error.what();
            marks_ = marks;
        }
        return true;
    }

    /// The model file that is to be described, if any is and has not been.
    std::string new_model() const {
        return json_["state"] == "going_on" || described_ == model_mark_ ? "" : model_;
    }
    void set_model(const Json& model) {
        json_["model"] = model;
        described_ = model_mark_;
    }

    const Json& json() const { return json_; }

  private:
    std::string marks_now() const {
        std::string marks = is_owned(directory_.path()) ? "owned" : "free";
        for (const auto& file : {directory_.config(), directory_.metrics(), directory_.summary(),
                                 directory_.model()}) {
            marks += '\n' + mark_of(file);
        }
        return marks;
    }

    void read() {
        // Before the files are: what changes meanwhile is seen the next time.
        const std::string marks = marks_now();
        const bool owned = is_owned(directory_.path());
        Json model = json_.contains("model") ? json_["model"] : Json();
        try {
            Json run = read_run(directory_);
            run["state"] = owned ? "going_on" : run["complete"] == true ? "complete" : "stopped";
            json_ = run;
        } catch (const MissingError&) {
            json_ = {{"directory", directory_.path().string()}, {"state", "waiting"}};
        }
        model_ = directory_.newest_model().value_or("").string();
        model_mark_ = model_.empty() ? "" : mark_of(model_);
        json_["model"] = model_mark_ == described_ ? model : Json();
        marks_ = marks;
    }

    RunDirectory directory_;
    Json json_ = Json::object();
    std::string marks_;
    std::string model_;
    std::string model_mark_;
    std::string described_;
};

/// All runs, and what is served of them; on rank 0.
class Follower {
  public:
    explicit Follower(const Following& asked)
        : data_given_(!asked.given.empty()),
          runs_(asked.directories.begin(), asked.directories.end()) {
        try {
            server_ = std::make_unique<PageServer>(asked.address, asked.port.value_or(usual_port));
        } catch (const SystemError&) {
            if (asked.port) {
                throw;
            }
            server_ = std::make_unique<PageServer>(asked.address, 0);
        }
        show();
        std::printf("the page is at %s until Ctrl-C\n", server_->url().c_str());
        if (!server_->is_local()) {
            std::printf("whoever reaches this machine there can read it\n");
        }
        std::fflush(stdout);
    }

    void look() {
        bool news = false;
        for (FollowedRun& run : runs_) {
            news = run.look() || news;
        }
        if (news) {
            show();
        }
    }

    /// A run that has a model to be described, and its file; or no such run and "".
    std::pair<std::size_t, std::string> next_model() const {
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            if (std::string model = runs_[i].new_model(); !model.empty()) {
                return {i, model};
            }
        }
        return {runs_.size(), ""};
    }
    void set_model(std::size_t run, const Json& model) {
        runs_[run].set_model(model);
        show();
    }

  private:
    void show() {
        Json all = Json::array();
        for (const FollowedRun& run : runs_) {
            all.push_back(run.json());
        }
        const std::string tag = start_ + '-' + std::to_string(++shown_);
        Json report = report_of(all, data_given_);
        report["follow"] = {{"tag", tag}};
        const std::string data = page_data(report);
        server_->show({report_page(data, true), data, tag});
    }

    bool data_given_;
    std::vector<FollowedRun> runs_;
    std::unique_ptr<PageServer> server_;
    std::string start_ = time_stamp();
    int shown_ = 0;
};

/// Where one process follows, nothing is lost if it ends at once: what it does when a signal comes,
/// looking at a model or answering a slow browser, is waited for no longer than a moment.
class PromptEnd {
  public:
    PromptEnd() : thread_([this] { watch(); }) {}
    ~PromptEnd() {
        over_ = true;
        thread_.join();
    }
    PromptEnd(const PromptEnd&) = delete;
    PromptEnd& operator=(const PromptEnd&) = delete;

  private:
    void watch() const {
        std::optional<std::chrono::steady_clock::time_point> end;
        while (!over_) {
            std::this_thread::sleep_for(between_checks);
            const auto now = std::chrono::steady_clock::now();
            if (stop_signal_came() && !end) {
                end = now + time_to_end;
            }
            if (end && now >= *end) {
                std::_Exit(static_cast<int>(ExitStatus::done));
            }
        }
    }

    std::atomic<bool> over_ = false;
    std::thread thread_;
};

// Collective. A model that cannot be looked at is a sentence of the page.
Json describe(const Communicator& world, const std::string& model, const ConfigText& given) {
    try {
        return describe_model(world, model, given);
    } catch (const Error& error) {
        if (!error.agreed()) {
            throw;
        }
        return {{"figures", nullptr}, {"missing", error.what()}};
    }
}

}  // namespace

void follow(const Communicator& world, const Following& asked) {
    catch_stop_signals();
    std::optional<PromptEnd> prompt_end;
    if (world.size() == 1) {
        prompt_end.emplace();
    }
    std::optional<Follower> follower;
    agree(world, [&] {
        if (world.rank() == 0) {
            follower.emplace(asked);
        }
    });
    while (world.max(stop_signal_came() ? 1.0 : 0.0) == 0.0) {
        std::size_t run = 0;
        std::string model;
        agree(world, [&] {
            if (follower) {
                follower->look();
                std::tie(run, model) = follower->next_model();
            }
        });
        model = world.broadcast(model, 0);
        if (!model.empty()) {
            const Json described = describe(world, model, asked.given);
            if (follower) {
                follower->set_model(run, described);
            }
        }
        for (auto slept = 0 * between_looks; slept < between_looks && !stop_signal_came();
             slept += between_checks) {
            std::this_thread::sleep_for(between_checks);
        }
    }
}

}  // namespace hoist
