#include <algorithm>
#include <map>

#include "array_file.hpp"
#include "array_name.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/npz_file.hpp"
#include "part.hpp"

namespace hoist {

namespace {

namespace fs = std::filesystem;

std::unique_ptr<RowArray> open_npy(std::unique_ptr<ByteStream> bytes, const std::string& shown) {
    ArrayStorage storage = read_npy_storage(*bytes, shown);
    return stored_array(shown, std::move(bytes), std::move(storage));
}

class NpzArrays : public ArrayFile {
  public:
    explicit NpzArrays(const fs::path& path) : ArrayFile(path), reader_(path) {}

    std::vector<std::string> names() const override { return reader_.names(); }

    std::unique_ptr<RowArray> open(const std::string& name) const override {
        return open_npy(reader_.open(name), name + " in " + shown().string());
    }

    /// Whether it holds nothing but one array that was given no name, as numpy.savez(file, a) does.
    bool single() const { return names() == std::vector<std::string>{"arr_0"}; }

  private:
    NpzReader reader_;
};

/// The NPY files of a folder, and NPZ files with a single array without a name: each an array that
/// is called as the file, without its ending.
class FolderArrays : public ArrayFile {
  public:
    explicit FolderArrays(const fs::path& folder) : ArrayFile(folder) {
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error)) {
            const fs::path& path = entry->path();
            if (path.extension() == ".npy") {
                files_.insert_or_assign(path.stem().string(), path);
            } else if (path.extension() == ".npz") {
                add_npz(path);
            }
        }
        if (error) {
            throw MissingError("cannot look for data files in " + folder.string(), error.message(),
                               "check data.path and its permissions");
        }
    }

    std::vector<std::string> names() const override {
        std::vector<std::string> names;
        for (const auto& [name, path] : files_) {
            names.push_back(name);
        }
        return names;
    }

    std::unique_ptr<RowArray> open(const std::string& name) const override {
        const fs::path& path = files_.at(name);
        if (path.extension() == ".npy") {
            return open_npy(open_bytes(path), path.string());
        }
        return NpzArrays(path).open("arr_0");
    }

    /// Whether `file` is the one that is called so, and not an NPY file of the same name.
    bool holds(const fs::path& file) const {
        const auto found = files_.find(file.stem().string());
        return found != files_.end() && found->second.filename() == file.filename();
    }

    /// NPZ files with arrays that have names.
    const std::vector<fs::path>& archives() const { return archives_; }

  private:
    void add_npz(const fs::path& path) {
        try {
            if (NpzArrays(path).single()) {
                files_.emplace(path.stem().string(), path);
                return;
            }
        } catch (const Error&) {  // which says so when it is read
        }
        archives_.push_back(path);
        std::ranges::sort(archives_);
    }

    std::map<std::string, fs::path> files_;
    std::vector<fs::path> archives_;
};

class Finder {
  public:
    explicit Finder(const DataConfig& config) : config_(config) {}

    NamedFile named(const std::string& name) {
        if (name.empty()) {
            return {};
        }
        const fs::path path = data_file(config_, name);
        if (path.extension() == ".npy") {
            return {folder(path), path.stem().string()};
        }
        auto archive = std::make_shared<NpzArrays>(path);
        if (!archive->single()) {
            return {archive, ""};
        }
        const auto beside = folder(path);
        if (beside->holds(path)) {
            return {beside, path.stem().string()};
        }
        return {archive, "arr_0"};
    }

    /// What is to be read in the folder where no file is named.
    NamedFile found() const {
        const fs::path folder = config_.path.empty() ? "." : config_.path;
        const auto arrays = std::make_shared<FolderArrays>(folder);
        const std::vector<fs::path>& archives = arrays->archives();
        const std::vector<std::string> names = arrays->names();
        const bool usable = std::ranges::any_of(names, [&](const std::string& name) {
            const ArrayName said(name);
            return config_.inputs.empty()
                       ? said.plain && said.role == ArrayRole::inputs
                       : said.without_part ==
                             ArrayName(fs::path(config_.inputs).stem().string()).without_part;
        });
        if (usable && archives.empty()) {
            return {arrays, ""};
        }
        if (!usable && archives.size() == 1) {
            return {std::make_shared<NpzArrays>(archives.front()), ""};
        }
        std::vector<std::string> there;
        for (const fs::path& archive : archives) {
            there.push_back(archive.filename().string());
        }
        for (const std::string& name : names) {
            there.push_back(name + ".npy");
        }
        if (there.empty()) {
            throw MissingError("there are no NPZ and NPY files in " + folder.string(), "",
                               "set data.path to the folder that holds them");
        }
        throw UsageError("which data to read in " + folder.string() + " is not said",
                         "there are " + join(there, ", "),
                         "name one by data.train, and another for the test by data.test");
    }

  private:
    /// One for both parts where they lie in the same folder.
    std::shared_ptr<const FolderArrays> folder(const fs::path& file) {
        const fs::path path = file.parent_path();
        if (!folder_ || folder_->shown() != path) {
            folder_ = std::make_shared<FolderArrays>(path);
        }
        return folder_;
    }

    const DataConfig& config_;
    std::shared_ptr<const FolderArrays> folder_;
};

}  // namespace

DataParts open_numpy(const DataConfig& config, const DataUse& use) {
    Finder finder(config);
    if (config.train.empty() && config.test.empty()) {
        return open_arrays(finder.found(), {}, config, use);
    }
    const NamedFile train = finder.named(config.train);
    const NamedFile test = config.test == config.train ? train : finder.named(config.test);
    return open_arrays(train, test, config, use);
}

}  // namespace hoist
