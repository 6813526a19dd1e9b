#pragma once

#include <vector>

#include "hoist/data/dataset.hpp"
#include "hoist/io/picture_file.hpp"
#include "picture_files.hpp"

namespace hoist {

/// The pictures of a folder, of one size or several, read one at a time; bytes as value / 255.
class PictureFolder final : public Dataset {
  public:
    /// @param channels 1 (luminance) or 3, of all of them; 0: 3 where one of them is in color.
    /// @throws MissingError, DataError.
    PictureFolder(const std::filesystem::path& folder, Index channels);

    Index samples() const override { return std::ssize(forms_); }
    Index features() const override;
    bool labeled() const override { return false; }
    Index outputs() const override { return 0; }
    Shape picture(Index sample) const override;
    std::string name(Index sample) const override;
    std::string storage() const override;
    std::vector<std::string> remarks() const override { return files_.remarks; }

    void read_inputs(std::span<const Index> samples, std::span<double> columns) override;
    void read_labels(std::span<const Index> samples, std::span<Index> labels) override;
    void read_values(std::span<const Index> samples, std::span<double> columns) override;

  private:
    PictureFiles files_;
    std::vector<PictureForm> forms_;
};

}  // namespace hoist
