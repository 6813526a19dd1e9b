#include <algorithm>

#include "array_part.hpp"
#include "array_targets.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/picture_file.hpp"
#include "picture_files.hpp"
#include "picture_folder.hpp"

namespace hoist {

namespace {

namespace fs = std::filesystem;

/// The form of the first, in color where the network takes as many numbers, or where that is not known
/// and one of them is; gray where that is asked for.
PictureForm form_of(const PictureFiles& pictures, Index features, bool gray) {
    PictureForm form = picture_form(pictures.folder / pictures.files.front());
    if (gray) {
        form.color = false;
    } else if (const Index places = form.rows * form.columns; features == places) {
        form.color = false;
    } else if (features == 3 * places) {
        form.color = true;
    } else if (features == 0) {
        form.color = std::ranges::any_of(pictures.files, [&](const std::string& file) {
            return picture_form(pictures.folder / file).color;
        });
    }
    constexpr Index most_numbers = Index{1} << 24;  // that a network takes
    if (form.size() > most_numbers) {
        throw DataError("the pictures in " + pictures.folder.string() + " are too large",
                        "each is " + std::to_string(form.size()) + " numbers, more than the " +
                            std::to_string(most_numbers) + " that a network takes",
                        "make them smaller");
    }
    return form;
}

class PictureRows : public RowArray {
  public:
    PictureRows(const fs::path& folder, std::vector<std::string> files, const PictureForm& form)
        : RowArray(folder.string(), {std::ssize(files), form.rows, form.columns, form.channels()},
                   ElementKind::byte, "pictures"),
          folder_(folder),
          files_(std::move(files)),
          form_(form) {}

    void read_rows(Index first, std::span<double> numbers) override {
        std::vector<unsigned char> bytes(static_cast<std::size_t>(form_.size()));
        for (; !numbers.empty(); ++first) {
            read_picture(folder_ / files_[static_cast<std::size_t>(first)], form_, bytes);
            std::ranges::copy(bytes, numbers.begin());
            numbers = numbers.subspan(bytes.size());
        }
    }
    std::vector<std::string> read_texts() override { refuse("it holds numbers", ""); }

  private:
    fs::path folder_;
    std::vector<std::string> files_;
    PictureForm form_;
};

class FolderNames : public RowArray {
  public:
    FolderNames(const fs::path& folder, std::vector<std::string> of_samples)
        : RowArray(folder.string(), {std::ssize(of_samples)}, ElementKind::text, "folder names"),
          names_(std::move(of_samples)) {}

    void read_rows(Index, std::span<double>) override { refuse("it holds names", ""); }
    std::vector<std::string> read_texts() override { return names_; }

  private:
    std::vector<std::string> names_;
};

std::unique_ptr<ArrayPart> open_part(const fs::path& folder, ArrayTargets& reader, bool gray,
                                     const DataUse& use) {
    PictureFiles pictures = find_pictures(folder);
    Targets targets{.task = use.task};
    if (!pictures.classes.empty()) {
        FolderNames names(folder, std::move(pictures.classes));
        targets = reader.read(names, names.rows(), {});
    }
    const PictureForm form = form_of(pictures, use.features, gray);
    auto rows = std::make_unique<PictureRows>(folder, std::move(pictures.files), form);
    auto part = std::make_unique<ArrayPart>(std::move(rows), std::pair<Index, Index>{0, 0},
                                            std::move(targets), use.largest);
    for (std::string& remark : pictures.remarks) {
        part->add_remark(std::move(remark));
    }
    return part;
}

}  // namespace

// Without names, the folders train and test of data.path are the parts, or else data.path itself is
// the training part.
DataParts open_images(const DataConfig& config, const DataUse& use) {
    const fs::path path = config.path.empty() ? "." : config.path;
    const auto named = [&](const std::string& name) {
        return name.empty() ? std::optional<fs::path>() : path / name;
    };
    auto train = named(config.train);
    auto test = named(config.test);
    if (!train && !test) {
        for (const auto& [part, name] : {std::pair{&train, "train"}, {&test, "test"}}) {
            if (fs::is_directory(path / name)) {
                *part = path / name;
            }
        }
        if (!train && !test) {
            train = path;
        }
    }
    ArrayTargets targets(use);
    const auto open = [&](const fs::path& folder) -> std::unique_ptr<Dataset> {
        if (use.task == Task::pictures) {
            return std::make_unique<PictureFolder>(folder, config.gray ? 1 : use.channels);
        }
        return open_part(folder, targets, config.gray, use);
    };
    DataParts parts;
    if (train) {
        parts.train = open(*train);
    }
    if (test) {
        parts.test = open(*test);
    }
    return parts;
}

}  // namespace hoist
