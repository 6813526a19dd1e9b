#include "hoist/io/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "file_descriptor.hpp"
#include "hoist/base/error.hpp"
#include "hoist/io/output_path.hpp"

namespace hoist {

namespace {

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return true;
}

}  // namespace

void refuse_other_than_file(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        throw MissingError(
            "cannot read " + path.string(),
            std::filesystem::is_directory(status) ? "it is a folder" : "it is a pipe or a device",
            "name a file");
    }
}

std::string read_whole_file(const std::filesystem::path& path) {
    refuse_other_than_file(path);
    const auto refuse = [&]() -> std::string {
        throw MissingError("cannot read " + path.string(), std::strerror(errno), "check the path");
    };
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (!file.valid() || ::fstat(file.number(), &status) != 0) {
        return refuse();
    }
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t size = 0;
    while (true) {
        if (size == bytes.size()) {  // one byte more shows the end
            bytes.resize(size + 1);
        }
        const ssize_t got = ::read(file.number(), bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno != EINTR) {
            return refuse();
        }
        if (got == 0) {
            bytes.resize(size);
            return bytes;
        }
        size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    }
}

std::string read_file_part(const std::filesystem::path& path, std::uint64_t offset,
                           std::size_t size) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string bytes(file.valid() ? size : 0, '\0');
    std::size_t done = 0;
    while (file.valid() && done < size) {
        const ssize_t got = ::pread(file.number(), bytes.data() + done, size - done,
                                    static_cast<off_t>(offset + done));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            throw MissingError("cannot read " + path.string(),
                               got == 0 ? "it is cut off" : std::strerror(errno), "check the file");
        }
        done += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    }
    if (!file.valid()) {
        throw MissingError("cannot read " + path.string(), std::strerror(errno), "check the path");
    }
    return bytes;
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
    std::array<char, 256> host = {};
    ::gethostname(host.data(), host.size() - 1);
    return path.string() + "." + host.data() + "-" + std::to_string(::getpid()) + ".tmp";
}

void write_whole_file(const std::filesystem::path& path, std::string_view bytes) {
    refuse_to_replace_device(path);
    const std::filesystem::path temporary = temporary_name(path);
    const auto refuse = [&] {
        const std::string why = std::strerror(errno);
        ::unlink(temporary.c_str());
        throw OutputError("cannot write " + path.string(), why,
                          "free some space there or write to another folder");
    };
    {
        const FileDescriptor file(::open(temporary.c_str(),
                                         O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC,
                                         S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH));
        if (!file.valid() || !write_all(file.number(), bytes) || ::fsync(file.number()) != 0) {
            refuse();
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        refuse();
    }
}

void settle_file(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.valid()) {
        ::fsync(file.number());
    }
}

}  // namespace hoist
