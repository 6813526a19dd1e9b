#include "picture_files.hpp"

#include <algorithm>
#include <cctype>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

namespace fs = std::filesystem;

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

}  // namespace

PictureFiles find_pictures(const fs::path& folder) {
    PictureFiles pictures{folder, {}, {}, {}};
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

}  // namespace hoist
