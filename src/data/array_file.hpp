#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hoist/data/dataset.hpp"
#include "hoist/io/row_array.hpp"

namespace hoist {

/// Named arrays: of an HDF5 file, of an NPZ file, or the NPY files of a folder.
class ArrayFile {
  public:
    /// @param shown the file or folder.
    explicit ArrayFile(std::filesystem::path shown) : shown_(std::move(shown)) {}
    virtual ~ArrayFile() = default;

    const std::filesystem::path& shown() const { return shown_; }
    virtual std::vector<std::string> names() const = 0;
    /// @throws DataError where it is no array that can be read.
    virtual std::unique_ptr<RowArray> open(const std::string& name) const = 0;
    /// Why there is no array `name`; empty where there is nothing to say but what there is.
    virtual std::string why_not(const std::string& /*name*/) const { return ""; }
    /// Rows and columns of images that are stored flat, where the file says so; {0, 0} where not.
    virtual std::pair<Index, Index> declared_image(const std::string& /*name*/) const {
        return {0, 0};
    }

  private:
    std::filesystem::path shown_;
};

/// A file that the configuration names, or that it leaves to the format to find.
struct NamedFile {
    std::shared_ptr<const ArrayFile> file;
    /// The array that holds the inputs where the name of the file already says which; else empty.
    std::string inputs;
};

/// The parts of data in array files. `train` and `test` may be the same file, and either may hold
/// both parts: what is named by the configuration's data.train alone has both where it holds a test
/// part. @throws UsageError, DataError.
DataParts open_arrays(const NamedFile& train, const NamedFile& test, const DataConfig& config,
                      const DataUse& use);

}  // namespace hoist
