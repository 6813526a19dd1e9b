#include <algorithm>
#include <array>

#include "array_part.hpp"
#include "array_targets.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/picture_file.hpp"
#include "hoist/io/whole_file.hpp"

namespace hoist {

namespace {

namespace fs = std::filesystem;

// A record is the number of a class, and the red, the green and the blue plane of an image, each row
// by row (Krizhevsky 2009, "binary version").
constexpr Index side = 32;
constexpr Index places = side * side;
constexpr Index colors = 3;
constexpr Index record_bytes = 1 + colors * places;
constexpr Index classes = 10;

/// How many bytes a gzip file of one member says that it holds: its last four, modulo 2^32.
Index promised_bytes(const fs::path& path) {
    const auto size = fs::file_size(path);
    const std::string last = size < 4 ? std::string(4, '\0') : read_file_part(path, size - 4, 4);
    std::uint32_t bytes = 0;
    for (std::size_t i = 4; i-- > 0;) {
        bytes = bytes << 8 | static_cast<unsigned char>(last[i]);
    }
    return bytes;
}

/// One file of images, plain or gzip.
class CifarBatch {
  public:
    explicit CifarBatch(const fs::path& path) : path_(path), bytes_(open_bytes(path)) {
        const Index size = bytes_->size_is_known() ? bytes_->most_bytes() : promised_bytes(path);
        if (size == 0 || size % record_bytes != 0 || size > bytes_->most_bytes()) {
            throw DataError(path.string() + " is no batch of CIFAR-10",
                            "it holds " + std::to_string(size) + " bytes, and a record has " +
                                std::to_string(record_bytes),
                            "get the file again, in the binary version");
        }
        images_ = size / record_bytes;
    }

    Index images() const { return images_; }

    void read_labels(std::vector<double>& labels) {
        std::array<char, record_bytes> record;
        for (Index i = 0; i < images_; ++i) {
            bytes_->read(i * record_bytes, record, "image " + std::to_string(i));
            if (const int number = static_cast<unsigned char>(record.front()); number < classes) {
                labels.push_back(number);
            } else {
                throw DataError(
                    path_.string() + " is no batch of CIFAR-10",
                    "its image " + std::to_string(i) + " has the class " + std::to_string(number),
                    "get the file again, in the binary version");
            }
        }
        bytes_->expect_end();
    }

    /// Channels innermost, or the luminance alone where there is no room for more.
    void read_image(Index image, std::span<double> numbers) {
        std::array<char, record_bytes> record;
        bytes_->read(image * record_bytes, record, "image " + std::to_string(image));
        const auto value = [&](Index color, Index place) -> int {
            return static_cast<unsigned char>(
                record[static_cast<std::size_t>(1 + color * places + place)]);
        };
        const bool gray = std::ssize(numbers) == places;
        for (Index place = 0; place < places; ++place) {
            if (gray) {
                numbers[static_cast<std::size_t>(place)] =
                    luminance(value(0, place), value(1, place), value(2, place));
                continue;
            }
            for (Index color = 0; color < colors; ++color) {
                numbers[static_cast<std::size_t>(place * colors + color)] = value(color, place);
            }
        }
    }

  private:
    fs::path path_;
    std::unique_ptr<ByteStream> bytes_;
    Index images_ = 0;
};

using CifarBatches = std::vector<CifarBatch>;

Index images_of(const CifarBatches& batches) {
    Index images = 0;
    for (const CifarBatch& batch : batches) {
        images += batch.images();
    }
    return images;
}

class CifarImages : public RowArray {
  public:
    CifarImages(const std::string& shown, CifarBatches batches, bool gray)
        : RowArray(shown, {images_of(batches), side, side, gray ? 1 : colors}, ElementKind::byte,
                   "uint8"),
          batches_(std::move(batches)) {}

    void read_rows(Index first, std::span<double> numbers) override {
        const auto size = static_cast<std::size_t>(row_size());
        Index before = 0;
        for (CifarBatch& batch : batches_) {
            for (; !numbers.empty() && first < before + batch.images(); ++first) {
                batch.read_image(first - before, numbers.first(size));
                numbers = numbers.subspan(size);
            }
            before += batch.images();
        }
    }
    std::vector<std::string> read_texts() override { refuse("it holds numbers", ""); }

  private:
    CifarBatches batches_;
};

class CifarLabels : public RowArray {
  public:
    CifarLabels(const std::string& shown, std::vector<double> labels)
        : RowArray(shown, {std::ssize(labels)}, ElementKind::integer, "uint8"),
          labels_(std::move(labels)) {}

    void read_rows(Index first, std::span<double> numbers) override {
        std::copy_n(labels_.begin() + first, numbers.size(), numbers.begin());
    }
    std::vector<std::string> read_texts() override { refuse("it holds numbers", ""); }

  private:
    std::vector<double> labels_;
};

/// Where the files lie: in the folder itself, or in that of their archive within it.
fs::path batch_folder(const DataConfig& config) {
    const fs::path folder = config.path.empty() ? "." : config.path;
    const fs::path unpacked = folder / "cifar-10-batches-bin";
    return fs::is_directory(unpacked) ? unpacked : folder;
}

std::optional<CifarBatch> find_batch(const fs::path& folder, const std::string& name) {
    for (const std::string& file : {name, name + ".gz"}) {
        if (fs::exists(folder / file)) {
            return CifarBatch(folder / file);
        }
    }
    return std::nullopt;
}

std::vector<std::string> read_class_names(const fs::path& folder) {
    const fs::path file = folder / "batches.meta.txt";
    if (!fs::exists(file)) {
        return {};
    }
    std::vector<std::string> names;
    for (const std::string& line : split(read_whole_file(file), '\n')) {
        if (const auto name = trim(line); !name.empty()) {
            names.emplace_back(name);
        }
    }
    if (std::ssize(names) != classes) {
        throw DataError(file.string() + " does not name the classes of CIFAR-10",
                        "it holds " + std::to_string(names.size()) + " names in the place of " +
                            std::to_string(classes),
                        "get the file again, or remove it");
    }
    return names;
}

std::unique_ptr<ArrayPart> make_part(const std::string& shown, CifarBatches batches,
                                     const std::vector<std::string>& names, ArrayTargets& reader,
                                     bool gray, const DataUse& use) {
    if (batches.empty()) {
        return nullptr;
    }
    std::vector<double> numbers;
    for (CifarBatch& batch : batches) {
        batch.read_labels(numbers);
    }
    CifarLabels labels(shown, std::move(numbers));
    auto images = std::make_unique<CifarImages>(shown, std::move(batches), gray);
    Targets targets = reader.read(labels, images->rows(), names);
    return std::make_unique<ArrayPart>(std::move(images), std::pair<Index, Index>{0, 0},
                                       std::move(targets), use.largest);
}

}  // namespace

DataParts open_cifar10(const DataConfig& config, const DataUse& use) {
    if (!config.train.empty() || !config.test.empty()) {
        throw UsageError("data.train and data.test name no files of CIFAR-10",
                         "its batches have names of their own", "set data.path alone");
    }
    const fs::path folder = batch_folder(config);
    CifarBatches train;
    std::vector<std::string> missing;
    for (const char number : {'1', '2', '3', '4', '5'}) {
        const std::string name = std::string("data_batch_") + number + ".bin";
        if (auto batch = find_batch(folder, name)) {
            train.push_back(std::move(*batch));
        } else {
            missing.push_back(name);
        }
    }
    CifarBatches test;
    if (auto batch = find_batch(folder, "test_batch.bin")) {
        test.push_back(std::move(*batch));
    }
    if (train.empty() && test.empty()) {
        throw MissingError("there are no batches of CIFAR-10 in " + folder.string(),
                           "neither data_batch_1.bin nor test_batch.bin is there, plain or as .gz",
                           "set data.path to the folder that holds the binary version");
    }
    const std::vector<std::string> names = read_class_names(folder);
    ArrayTargets targets(use);
    auto training = make_part((folder / "data_batch_*.bin").string(), std::move(train), names,
                              targets, config.gray, use);
    if (training && !missing.empty()) {
        training->add_remark("the training part lacks " + join(missing, ", ") + " in " +
                             folder.string());
    }
    DataParts parts;
    parts.train = std::move(training);
    parts.test = make_part((folder / "test_batch.bin").string(), std::move(test), names, targets,
                           config.gray, use);
    return parts;
}

}  // namespace hoist
