#include <zlib.h>

#include <algorithm>
#include <array>

#include "fuzz/read_dataset.hpp"
#include "fuzz/scratch_folder.hpp"
#include "fuzz/targets.hpp"
#include "hoist/io/npz_file.hpp"

namespace hoist {

namespace {

std::string big_endian(std::initializer_list<std::uint32_t> numbers) {
    std::string bytes;
    for (const std::uint32_t number : numbers) {
        for (const int shift : {24, 16, 8, 0}) {
            bytes += static_cast<char>(number >> shift);
        }
    }
    return bytes;
}

std::string zipped(const std::string& bytes) {
    const std::filesystem::path file = scratch().path() / "zipped.gz";
    const gzFile stream = gzopen(file.c_str(), "wb");
    gzwrite(stream, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(stream);
    return scratch().contents("zipped.gz");
}

}  // namespace

void read_dataset(const DataConfig& config, const DataUse& use) {
    DataParts parts = open_dataset(config, use);
    for (Dataset* part : {parts.train.get(), parts.test.get()}) {
        if (part == nullptr) {
            continue;
        }
        part->class_names();
        // Some at the front, then the last: a network takes them a block at a time.
        const Index few = std::min<Index>(part->samples(), 16);
        for (Index i = 0; i <= few; ++i) {
            const std::array chosen{i < few ? i : part->samples() - 1};
            std::vector<double> input(static_cast<std::size_t>(part->features()));
            part->read_inputs(chosen, input);
            if (part->labeled() && use.task == Task::classes) {
                std::array<Index, 1> label{};
                part->read_labels(chosen, label);
            } else if (part->labeled()) {
                std::vector<double> values(static_cast<std::size_t>(part->outputs()));
                part->read_values(chosen, values);
            }
        }
    }
}

DataUse data_use(std::uint8_t flags) {
    DataUse use;
    use.task = (flags & 1) != 0 ? Task::values : Task::classes;
    use.features = (flags & 2) != 0 ? 2 : 0;
    if ((flags & 4) != 0) {
        use.class_names = {"0", "1"};
    }
    return use;
}

DataConfig scratch_data(const std::string& format, const std::string& train) {
    DataConfig config;
    config.format = format;
    config.path = scratch().path().string();
    config.train = train;
    return config;
}

/// Flags, the length of the labels, the labels, the images.
void read_idx_files(Bytes bytes) {
    InputBytes input(bytes);
    const DataUse use = data_use(input.next());
    const std::uint8_t length = input.next();
    scratch().put("train-labels-idx1-ubyte", input.next(length));
    scratch().put("train-images-idx3-ubyte", input.rest());
    read_dataset(scratch_data("idx", ""), use);
}

std::vector<std::string> idx_seeds() {
    const std::string images = big_endian({2051, 2, 2, 3}) + std::string(12, '\x7f');
    const std::string labels = big_endian({2049, 2}) + std::string{"\0\1", 2};
    std::vector<std::string> seeds;
    for (const auto& [first, second] :
         {std::pair{labels, images}, {zipped(labels), zipped(images)}}) {
        seeds.push_back('\0' + std::string(1, static_cast<char>(first.size())) + first + second);
    }
    return seeds;
}

/// Flags, and a batch of images.
void read_cifar10_files(Bytes bytes) {
    InputBytes input(bytes);
    const DataUse use = data_use(input.next());
    scratch().put("test_batch.bin", input.rest());
    read_dataset(scratch_data("cifar10", ""), use);
}

std::vector<std::string> cifar10_seeds() {
    std::string images(2 * 3073, '\x7f');
    images[0] = '\0';
    images[3073] = '\1';
    return {'\0' + images, '\0' + zipped(images)};
}

/// Flags, and a picture. The seeds lie in the corpus.
void read_image_files(Bytes bytes) {
    InputBytes input(bytes);
    const DataUse use = data_use(input.next());
    scratch().put("a.png", input.rest());
    read_dataset(scratch_data("images", ""), use);
}

/// Flags (a letter: its low bits), the training file, and after a form feed the test file.
void read_csv_files(Bytes bytes) {
    InputBytes input(bytes);
    const std::uint8_t flags = input.next();
    const Bytes both = input.rest();
    const auto cut = std::ranges::find(both, std::uint8_t{'\f'});
    const auto train = static_cast<std::size_t>(cut - both.begin());
    DataConfig config = scratch_data("csv", "train.csv");
    scratch().put("train.csv", both.first(train));
    if (train < both.size()) {
        scratch().put("test.csv", both.subspan(train + 1));
        config.test = "test.csv";
    }
    if ((flags & 8) != 0) {
        config.target = "1";
    }
    if ((flags & 16) != 0) {
        config.ignore = {"2"};
    }
    config.missing = (flags & 32) != 0 ? MissingValues::mean : MissingValues::refused;
    read_dataset(config, data_use(flags));
}

/// Flags, then an NPY file or, with the highest flag, an NPZ file.
void read_numpy_files(Bytes bytes) {
    InputBytes input(bytes);
    const std::uint8_t flags = input.next();
    const std::string name = (flags & 0x80) != 0 ? "data.npz" : "X.npy";
    scratch().put(name, input.rest());
    read_dataset(scratch_data("numpy", name), data_use(flags));
}

std::vector<std::string> numpy_seeds() {
    const NumpyArray inputs{{3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}};
    std::string columns = npy_bytes(inputs);
    columns.replace(columns.find("False"), 5, "True ");
    write_npz(scratch().path() / "seed.npz",
              {{"x_train", inputs},
               {"y_train", {{3}, std::vector<double>{0, 1, 0}}},
               {"x_test", {{1, 2}, std::vector<double>{7, 8}}},
               {"class_names", {{2}, std::vector<std::string>{"no", "yes"}}}});
    return {'\0' + npy_bytes(inputs), '\0' + columns, '\x80' + scratch().contents("seed.npz")};
}

}  // namespace hoist
