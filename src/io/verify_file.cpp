#include "verify_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "file_descriptor.hpp"
#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"
#include "user_block.hpp"

namespace hoist {

void verify_file(const std::filesystem::path& path, Hdf5Reader::Checksum checksum) {
    refuse_other_than_file(path);
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto stored = file.valid() ? stored_user_block(file.number()) : std::nullopt;
    if (!stored) {
        throw MissingError("cannot read " + path.string(), std::strerror(errno),
                           "check the name and the permissions");
    }
    struct stat status = {};
    ::fstat(file.number(), &status);
    if (status.st_size == 0) {
        throw DataError(path.string() + " is not an HDF5 file", "it is empty",
                        "write it again or name another file");
    }
    if (!is_user_block(*stored)) {
        if (checksum == Hdf5Reader::Checksum::required) {
            throw DataError(path.string() + " is not a file that hoist wrote",
                            "it does not begin with hoist's header", "name another file");
        }
        return;
    }
    if (const auto length = length_in(*stored); length && *length != status.st_size) {
        throw DataError(
            path.string() + (*length > status.st_size ? " is truncated" : " is damaged"),
            "it has " + std::to_string(status.st_size) + " bytes and should have " +
                std::to_string(*length),
            "restore it from a copy or write it again");
    }
    const auto expected = expected_user_block(file.number());
    if (!expected) {
        throw MissingError("cannot read " + path.string(), std::strerror(errno),
                           "check the disk it is on");
    }
    if (*stored != *expected) {
        throw DataError(path.string() + " is damaged", "its checksum does not fit its contents",
                        "restore it from a copy or write it again");
    }
}

}  // namespace hoist
