#include <algorithm>
#include <cctype>

#include "array_part.hpp"
#include "array_targets.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/picture_file.hpp"

namespace hoist {

namespace {

namespace fs = std::filesystem;

/// The pictures of a part, those of a class side by side.
struct Pictures {
    fs::path folder;
    /// Within `folder`.
    std::vector<std::string> files;
    /// The name of the folder of each; none where the pictures lie in `folder` itself.
    std::vector<std::string> classes;
    std::vector<std::string> remarks;
};

/// What lies in a folder, in one order everywhere; hidden files are left out.
std::vector<fs::path> sorted_contents(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (!entry->path().filename().string().starts_with('.')) {
            paths.push_back(entry->path());
        }
    }
    if (error) {
        throw MissingError("cannot read the folder " + folder.string(), error.message(),
                           "check data.path and the folder's name");
    }
    std::ranges::sort(paths);
    return paths;
}

bool is_called_a_picture(const fs::path& path) {
    std::string extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return std::tolower(c); });
    return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

/// Tells how many of `paths` are not read, and the first of them.
void remark_on(const std::vector<fs::path>& paths, const std::string& why,
               std::vector<std::string>& remarks) {
    if (!paths.empty()) {
        remarks.push_back(paths.front().string() +
                          (paths.size() > 1
                               ? " and " + std::to_string(paths.size() - 1) + " more are not read: "
                               : " is not read: ") +
                          why);
    }
}

Pictures find_pictures(const fs::path& folder) {
    Pictures pictures{folder, {}, {}, {}};
    std::vector<fs::path> beside;
    std::vector<fs::path> others;
    std::vector<fs::path> empty;
    for (const fs::path& path : sorted_contents(folder)) {
        if (!fs::is_directory(path)) {
            (is_called_a_picture(path) ? beside : others).push_back(path);
            continue;
        }
        const std::string name = path.filename().string();
        if (!is_utf8(name)) {
            throw DataError("the folder " + path.string() + " names no class", "it is not UTF-8",
                            "give it another name");
        }
        const std::size_t before = pictures.files.size();
        for (const fs::path& file : sorted_contents(path)) {
            if (is_called_a_picture(file) && !fs::is_directory(file)) {
                pictures.files.push_back(file.lexically_relative(folder).string());
                pictures.classes.push_back(name);
            } else {
                others.push_back(file);
            }
        }
        if (pictures.files.size() == before) {
            empty.push_back(path);
        }
    }
    if (pictures.files.empty()) {
        for (const fs::path& path : beside) {
            pictures.files.push_back(path.filename().string());
        }
        beside.clear();
    }
    if (pictures.files.empty()) {
        throw MissingError("there are no pictures in " + folder.string(),
                           "neither it nor a folder in it holds a .png, .jpg or .jpeg file",
                           "set data.path, data.train or data.test to a folder with one for each "
                           "class");
    }
    remark_on(beside, "a picture beside folders has no class", pictures.remarks);
    remark_on(others, "it is called neither .png nor .jpg", pictures.remarks);
    remark_on(empty, "it holds no pictures", pictures.remarks);
    return pictures;
}

/// The form of the first, in color where the network takes as many numbers, or where that is not known
/// and one of them is; gray where that is asked for.
PictureForm form_of(const Pictures& pictures, Index features, bool gray) {
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
    Pictures pictures = find_pictures(folder);
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
    DataParts parts;
    if (train) {
        parts.train = open_part(*train, targets, config.gray, use);
    }
    if (test) {
        parts.test = open_part(*test, targets, config.gray, use);
    }
    return parts;
}

}  // namespace hoist
