#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "hoist/comm/communicator.hpp"

namespace hoist {

/// A folder that all ranks see, made by rank 0 and removed by it. Collective over `world`.
class TemporaryFolder {
  public:
    explicit TemporaryFolder(const Communicator& world) : world_(world) {
        std::string name;
        if (world.rank() == 0) {
            name = (std::filesystem::temp_directory_path() / "hoist test XXXXXX").string();
            ::mkdtemp(name.data());
        }
        path_ = world.broadcast(name, 0);
    }
    ~TemporaryFolder() {
        world_.barrier();
        if (world_.rank() == 0) {
            std::filesystem::remove_all(path_);
        }
    }
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
    std::filesystem::path path_;
};

}  // namespace hoist
