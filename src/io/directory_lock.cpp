#include "hoist/io/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "file_descriptor.hpp"
#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// mpirun is over up to a second before the last rank that it ends.
constexpr auto time_to_end = std::chrono::seconds(3);
constexpr auto between_attempts = std::chrono::milliseconds(50);

constexpr mode_t file_mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;

std::filesystem::path lock_file(const std::filesystem::path& directory) {
    return directory / ".lock";
}

[[noreturn]] void refuse(const std::filesystem::path& directory, int error) {
    throw OutputError("cannot write into " + directory.string(), std::strerror(error),
                      "free space, check permissions, or choose another folder");
}

[[noreturn]] void refuse_in_use(const std::filesystem::path& directory, int file) {
    std::array<char, 300> text{};
    const ssize_t size = ::pread(file, text.data(), text.size(), 0);
    std::string owner(text.data(), static_cast<std::size_t>(size > 0 ? size : 0));
    owner = owner.substr(0, owner.find('\n'));
    throw OutputError(directory.string() + " is in use",
                      (owner.empty() ? "another process" : owner) + " writes it",
                      "wait for its end or choose another folder; ranks of one job are started by "
                      "mpirun or srun --mpi=pmix");
}

struct Attempt {
    FileDescriptor file;
    /// Of opening or locking it; 0: it is locked.
    int error = 0;
};

Attempt try_lock(const std::filesystem::path& path, int access) {
    FileDescriptor file(::open(path.c_str(), access | O_CREAT | O_CLOEXEC | O_NONBLOCK, file_mode));
    const bool locked = file.valid() && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0;
    return {std::move(file), locked ? 0 : errno};
}

// Not a lock of fcntl, which needs a file that is open for writing: such a file would keep the file
// system from being set read-only. NFS alone locks nothing else.
Attempt try_lock(const std::filesystem::path& path) {
    Attempt attempt = try_lock(path, O_RDONLY);
    return attempt.error == EBADF ? try_lock(path, O_RDWR) : std::move(attempt);
}

bool is_busy(int error) { return error == EWOULDBLOCK || error == EACCES; }

std::string this_process() {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return "process " + std::to_string(::getpid()) + " on " + host.data();
}

// Only a help for who is refused: where it cannot be written, the lock holds without it.
void write_owner(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK));
    const std::string owner = this_process() + "\n";
    if (file.valid() && ::write(file.number(), owner.data(), owner.size()) < 0) {
        errno = 0;
    }
}

}  // namespace

DirectoryLock::DirectoryLock(std::filesystem::path directory)
    : directory_(std::move(directory)), file_(lock_file(directory_)) {
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error) {
        refuse(directory_, error.value());
    }
    take();
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : directory_(std::move(other.directory_)),
      file_(std::move(other.file_)),
      missing_(std::move(other.missing_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      inode_(other.inode_) {}

DirectoryLock::~DirectoryLock() {
    if (descriptor_ >= 0) {
        if (is_at_path() == true) {
            ::unlink(file_.c_str());
        }
        release();
    }
}

void DirectoryLock::take() {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + time_to_end;
    while (true) {
        Attempt attempt = try_lock(file_);
        struct stat status = {};
        if (!attempt.file.valid() || ::fstat(attempt.file.number(), &status) != 0) {
            refuse(directory_, attempt.error);
        }
        if (is_busy(attempt.error)) {
            if (Clock::now() >= end) {
                refuse_in_use(directory_, attempt.file.number());
            }
            std::this_thread::sleep_for(between_attempts);
            continue;
        }
        release();
        descriptor_ = attempt.file.release();
        missing_ = attempt.error == 0 ? "" : std::strerror(attempt.error);
        inode_ = status.st_ino;
        // What an owner has removed between our opening and locking it protects nothing.
        if (is_at_path() == true) {
            break;
        }
    }
    write_owner(file_);
}

std::optional<bool> DirectoryLock::is_at_path() const {
    struct stat status = {};
    if (::stat(file_.c_str(), &status) != 0) {
        return std::nullopt;
    }
    // Not the device, which a network file system that was away may give another number.
    return status.st_ino == inode_;
}

void DirectoryLock::release() {
    if (const int file = std::exchange(descriptor_, -1); file >= 0) {
        ::close(file);
    }
}

void DirectoryLock::renew() {
    std::error_code away;
    if (is_at_path() != true && std::filesystem::is_directory(directory_, away)) {
        take();
    }
}

void DirectoryLock::check() const {
    if (is_at_path() != true) {
        throw OutputError("cannot write into " + directory_.string(),
                          "it was removed or replaced meanwhile", "see who else writes there");
    }
}

// For an instant it is locked for reading, which a process that takes it meanwhile waits for.
bool is_owned(const std::filesystem::path& directory) {
    const FileDescriptor file(
        ::open(lock_file(directory).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    return file.valid() && ::flock(file.number(), LOCK_SH | LOCK_NB) != 0 && is_busy(errno);
}

void refuse_locked(const std::filesystem::path& directory) {
    if (is_owned(directory)) {
        const FileDescriptor file(
            ::open(lock_file(directory).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        refuse_in_use(directory, file.number());
    }
}

}  // namespace hoist
