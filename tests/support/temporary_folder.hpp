#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "hoist/comm/communicator.hpp"
#include "support/own_folder.hpp"

namespace hoist {

/// A folder that all ranks see, made by rank 0 and removed by it. Collective over `world`.
class TemporaryFolder {
  public:
    explicit TemporaryFolder(const Communicator& world) : world_(world) {
        if (world.rank() == 0) {
            folder_.emplace();
        }
        path_ = world.broadcast(folder_ ? folder_->path().string() : "", 0);
    }
    ~TemporaryFolder() { world_.barrier(); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

    /// Rank 0 writes a file; every rank may read it afterwards.
    void put(const std::string& name, std::string_view bytes) const {
        if (world_.rank() == 0) {
            std::ofstream(path_ / name, std::ios::binary) << bytes;
        }
        world_.barrier();
    }

  private:
    const Communicator& world_;
    std::optional<OwnFolder> folder_;
    std::filesystem::path path_;
};

}  // namespace hoist
