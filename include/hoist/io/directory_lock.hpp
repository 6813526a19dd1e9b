#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace hoist {

/// Makes this process the only one that writes into a directory, by a lock of the file .lock in it,
/// which exists as long as the owner does. The lock ends with the process, however that ends; a
/// .lock that a killed owner has left is free. It holds between the hosts of a network file system
/// that has locks. Processes started from this one do not inherit it.
class DirectoryLock {
  public:
    /// Makes `directory` and those above it where they are missing, and waits for up to 3 seconds for
    /// an owner that is about to end. @throws OutputError: another owns it, or it cannot be made or
    /// written.
    explicit DirectoryLock(std::filesystem::path directory);
    ~DirectoryLock();
    DirectoryLock(DirectoryLock&& other) noexcept;
    DirectoryLock& operator=(DirectoryLock&&) = delete;

    /// Why others are not kept away: the file system has no locks. Empty where it has.
    const std::string& missing() const { return missing_; }

    /// Owns the directory that stands at the path now, where the one that was locked has been
    /// removed or replaced meanwhile. @throws OutputError where another process owns that.
    void renew();
    /// Asked between opening a file of the directory by its path and writing it: what is written
    /// then is in no directory of others, whenever the path was given to another one.
    /// @throws OutputError unless the directory at the path is the one that is locked.
    void check() const;

  private:
    void take();
    /// Whether the file at the path is the one that is locked; nothing: there is none.
    std::optional<bool> is_at_path() const;
    void release();

    std::filesystem::path directory_;
    std::filesystem::path file_;
    std::string missing_;
    int descriptor_ = -1;
    ino_t inode_ = 0;
};

/// Whether a process owns `directory` now, as far as the file system has locks. It is not kept from it.
bool is_owned(const std::filesystem::path& directory);

/// @throws OutputError where another process owns `directory` now.
void refuse_locked(const std::filesystem::path& directory);

}  // namespace hoist
