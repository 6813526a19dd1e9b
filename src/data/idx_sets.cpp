#include "idx_sets.hpp"

#include <algorithm>
#include <map>
#include <regex>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

namespace fs = std::filesystem;

/// A file whose name is that of IDX images or labels.
struct IdxFile {
    fs::path path;
    std::string set;
    bool labels = false;
};

std::optional<IdxFile> idx_file(const fs::path& path) {
    static const std::regex form(
        "(.*?)[-._]?(images|image|imgs|patterns|labels|label)[-._]idx[1-4]?"
        "([-._](ubyte|byte|short|int|float|double))?(\\.gz)?",
        std::regex::icase);
    const std::string name = path.filename().string();
    std::smatch match;
    constexpr std::size_t longest = 255;
    if (name.size() > longest || !std::regex_match(name, match, form)) {
        return std::nullopt;
    }
    const auto kind = match[2].str().front();
    return IdxFile{path, match[1], kind == 'l' || kind == 'L'};
}

/// All IDX files of a folder, plain ones before packed ones.
std::vector<IdxFile> idx_files(const fs::path& folder) {
    std::vector<IdxFile> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (auto file = idx_file(entry->path())) {
            files.push_back(std::move(*file));
        }
    }
    if (error) {
        throw MissingError("cannot look for data files in " + folder.string(), error.message(),
                           "check data.path and its permissions");
    }
    std::ranges::sort(files, {}, [](const IdxFile& file) {
        return std::pair(file.path.extension() == ".gz", file.path);
    });
    return files;
}

class IdxFolder {
  public:
    explicit IdxFolder(const fs::path& path) : path_(path), files_(idx_files(path)) {
        std::map<std::string, std::optional<fs::path>> labels_of;
        for (const IdxFile& file : files_) {
            if (file.labels) {
                labels_of.try_emplace(file.set, file.path);
            }
        }
        for (const IdxFile& file : files_) {
            if (!file.labels && !find(file.set)) {
                sets_.push_back({file.set, file.path, labels_of[file.set]});
            }
        }
        std::ranges::sort(sets_, {}, &IdxSet::name);
    }

    const fs::path& path() const { return path_; }

    std::string listed() const {
        std::vector<std::string> names;
        for (const IdxSet& set : sets_) {
            names.push_back(set.name);
        }
        return join(names, ", ");
    }

    /// The set of a name, of the name of its images, or the one of a family and part.
    IdxSet named(const std::string& name, NamedPart part) const {
        if (const auto set = find(name)) {
            return *set;
        }
        const auto file = idx_file(name);
        if (const auto set = file ? find(file->set) : std::nullopt) {
            return *set;
        }
        if (const ArrayName said(name); said.part == NamedPart::none) {
            if (const auto set = of(said.without_part, part)) {
                return *set;
            }
        }
        throw MissingError("there is no IDX set " + name + " in " + path_.string(),
                           sets_.empty() ? "it holds none" : "there are " + listed(),
                           "check data.path, data.train and data.test");
    }

    /// What the only family of sets has as training and test part.
    std::pair<std::optional<IdxSet>, std::optional<IdxSet>> only_family() const {
        if (sets_.empty()) {
            throw MissingError("there are no IDX files in " + path_.string(),
                               "neither train-images-idx3-ubyte nor t10k-images-idx3-ubyte is "
                               "there, nor others of such a name, plain or as .gz",
                               "set data.path to the folder that holds them");
        }
        std::vector<Family> families;
        for (const IdxSet& set : sets_) {
            families.push_back(ArrayName(set.name).without_part);
        }
        std::ranges::sort(families);
        families.erase(std::ranges::unique(families).begin(), families.end());
        if (families.size() > 1 && !families.front().empty()) {
            throw UsageError("there are several data sets in " + path_.string(), listed(),
                             "name one by data.train and one by data.test");
        }
        auto train = of(families.front(), NamedPart::train);
        auto test = of(families.front(), NamedPart::test);
        if (!train && !test) {
            train = of(families.front(), NamedPart::none);
        }
        if (!train && !test) {
            throw UsageError("there is no training and no test part in " + path_.string(),
                             "it holds " + listed(), "name one by data.train or data.test");
        }
        return {train, test};
    }

    /// Files that belong to none of `used`. (Of files that differ in packing only one is read.)
    std::vector<std::string> unread(const std::vector<IdxSet>& used) const {
        std::vector<std::string> names;
        for (const IdxFile& file : files_) {
            if (std::ranges::count(used, file.set, &IdxSet::name) == 0) {
                names.push_back(file.path.filename().string());
            }
        }
        return names;
    }

  private:
    using Family = std::vector<std::string>;

    std::optional<IdxSet> find(const std::string& name) const {
        const auto found = std::ranges::find(sets_, name, &IdxSet::name);
        return found == sets_.end() ? std::nullopt : std::optional(*found);
    }

    /// The set of a family and part; MNIST's t10k before others.
    std::optional<IdxSet> of(const Family& family, NamedPart part) const {
        std::optional<IdxSet> found;
        for (const IdxSet& set : sets_) {
            const ArrayName said(set.name);
            if (said.without_part == family && said.part == part &&
                (!found || set.name.find("t10k") != std::string::npos)) {
                found = set;
            }
        }
        return found;
    }

    fs::path path_;
    std::vector<IdxFile> files_;
    std::vector<IdxSet> sets_;
};

}  // namespace

IdxChoice choose_idx_sets(const DataConfig& config) {
    const fs::path folder = config.path.empty() ? "." : config.path;
    IdxChoice choice;
    std::vector<IdxFolder> folders;
    if (config.train.empty() && config.test.empty()) {
        folders.emplace_back(folder);
        std::tie(choice.train, choice.test) = folders.back().only_family();
    }
    const auto take = [&](const std::string& name, NamedPart part, std::optional<IdxSet>& set) {
        if (name.empty()) {
            return;
        }
        const fs::path path = folder / name;
        if (folders.empty() || folders.back().path() != path.parent_path()) {
            folders.emplace_back(path.parent_path());
        }
        set = folders.back().named(path.filename().string(), part);
    };
    take(config.train, NamedPart::train, choice.train);
    take(config.test, NamedPart::test, choice.test);
    std::vector<IdxSet> used;
    for (const auto& set : {choice.train, choice.test}) {
        if (set) {
            used.push_back(*set);
        }
    }
    for (const IdxFolder& looked_into : folders) {
        std::ranges::move(looked_into.unread(used), std::back_inserter(choice.unread));
    }
    return choice;
}

}  // namespace hoist
