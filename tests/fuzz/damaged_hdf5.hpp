#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fuzz/scratch_folder.hpp"
#include "hdf5_handle.hpp"

namespace hoist {

/// Writes an HDF5 file with hoist's header and the right checksum, as a reader expects it but for
/// what the input's bytes say is wrong: an object may be missing, or have another type, another
/// shape, or sizes that nothing stands behind. Without bytes the file is right.
class DamagedHdf5 {
  public:
    DamagedHdf5(std::filesystem::path path, InputBytes& input);

    /// A data set of numbers; each is `value`.
    void numbers(const std::string& name, std::vector<hsize_t> sizes, double value = 0.5);
    void texts(const std::string& name, const std::vector<std::string>& values);
    void attribute(const std::string& object, const std::string& name, const std::string& value);
    void attribute(const std::string& object, const std::string& name, std::int64_t value);

    /// Closes the file and writes its header.
    void finish();

  private:
    enum class Damage : std::uint8_t;

    Handle links() const;
    void put_attribute(const std::string& object, const std::string& name, hid_t type,
                       const void* value);
    bool other_object(const std::string& name, Damage damage);
    void vast(const std::string& name, hid_t type, std::vector<hsize_t> sizes, Damage damage);

    std::filesystem::path path_;
    InputBytes& input_;
    Handle file_;
};

}  // namespace hoist
