#pragma once

#include <unistd.h>

#include <utility>

namespace hoist {

/// Owns an open file of the system; negative where opening failed.
class FileDescriptor {
  public:
    explicit FileDescriptor(int number) : number_(number) {}
    ~FileDescriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&&) = delete;

    int number() const { return number_; }
    bool valid() const { return number_ >= 0; }
    /// Gives up the file, which the caller closes then.
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

}  // namespace hoist
