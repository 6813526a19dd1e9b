#include "picture_folder.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"

namespace hoist {

PictureFolder::PictureFolder(const std::filesystem::path& folder, Index channels)
    : files_(find_pictures(folder)) {
    for (const std::string& file : files_.files) {
        forms_.push_back(picture_form(files_.folder / file));
    }
    const bool color =
        channels == 0 ? std::ranges::any_of(forms_, &PictureForm::color) : channels == 3;
    for (PictureForm& form : forms_) {
        form.color = color;
    }
}

Index PictureFolder::features() const {
    const auto differs = [&](const PictureForm& form) {
        return form.rows != forms_.front().rows || form.columns != forms_.front().columns;
    };
    return std::ranges::any_of(forms_, differs) ? 0 : forms_.front().size();
}

Shape PictureFolder::picture(Index sample) const {
    const PictureForm& form = forms_[static_cast<std::size_t>(sample)];
    return {form.rows, form.columns, form.channels()};
}

std::string PictureFolder::name(Index sample) const {
    return std::filesystem::path(files_.files[static_cast<std::size_t>(sample)])
        .replace_extension()
        .string();
}

std::string PictureFolder::storage() const {
    return std::to_string(samples()) + " pictures of " + files_.folder.string();
}

void PictureFolder::read_inputs(std::span<const Index> samples, std::span<double> columns) {
    std::vector<unsigned char> bytes;
    for (const Index sample : samples) {
        const auto position = static_cast<std::size_t>(sample);
        require(sample >= 0 && sample < this->samples(), "samples are within range");
        const auto size = static_cast<std::size_t>(forms_[position].size());
        require(columns.size() >= size, "there is room for each picture");
        bytes.resize(size);
        read_picture(files_.folder / files_.files[position], forms_[position], bytes);
        std::ranges::transform(bytes, columns.begin(),
                               [](unsigned char byte) { return byte / 255.0; });
        columns = columns.subspan(size);
    }
    require(columns.empty(), "the output has as many numbers as the pictures");
}

void PictureFolder::read_labels(std::span<const Index>, std::span<Index>) {
    require(false, "pictures of a folder have no classes here");
}

void PictureFolder::read_values(std::span<const Index>, std::span<double>) {
    require(false, "pictures of a folder have no values");
}

}  // namespace hoist
