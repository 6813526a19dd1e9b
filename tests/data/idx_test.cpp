#include "data_files.hpp"

namespace hoist {
namespace {

constexpr Index count = 300;
constexpr Index rows = 5;
constexpr Index columns = 7;

std::string big_endian(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
}

int pixel(Index sample, Index place) { return static_cast<int>((sample * 37 + place * 11) % 256); }

std::string images(Index samples = count, std::uint32_t magic = 2051) {
    std::string bytes = big_endian(magic) + big_endian(static_cast<std::uint32_t>(samples)) +
                        big_endian(rows) + big_endian(columns);
    for (Index i = 0; i < samples * rows * columns; ++i) {
        bytes += static_cast<char>(pixel(i / (rows * columns), i % (rows * columns)));
    }
    return bytes;
}

std::string label_bytes(Index samples = count) {
    std::string bytes = big_endian(2049) + big_endian(static_cast<std::uint32_t>(samples));
    for (Index i = 0; i < samples; ++i) {
        bytes += static_cast<char>(i * 7 % 10);
    }
    return bytes;
}

class Idx : public DataFiles {
  protected:
    DataParts open(const DataUse& use = {}) const {
        DataConfig config;
        config.format = "idx";
        config.path = folder_.string();
        return open_dataset(config, use);
    }
};

void expect_contents(Dataset& data) {
    ASSERT_EQ(data.samples(), count);
    ASSERT_EQ(data.features(), rows * columns);
    EXPECT_EQ(data.image_size(), (std::pair<Index, Index>{rows, columns}));
    const std::vector<double> all = inputs(data);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Index place = static_cast<Index>(i);
        ASSERT_EQ(all[i], pixel(place / (rows * columns), place % (rows * columns)) / 255.0);
    }
    const std::vector<Index> numbers = labels(data);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        ASSERT_EQ(numbers[i], static_cast<Index>(i) * 7 % 10);
    }
    expect_pieces_equal_whole(data);
    expect_preconditions_checked(data);
}

TEST_F(Idx, reads_plain_files) {
    put("train-images-idx3-ubyte", images());
    put("train-labels-idx1-ubyte", label_bytes());
    const DataParts parts = open();
    expect_contents(*parts.train);
    EXPECT_EQ(parts.test, nullptr);
    EXPECT_EQ(parts.train->outputs(), 0);
}

TEST_F(Idx, reads_gzip_files_and_dotted_names) {
    put("train-images.idx3-ubyte", images());
    put("train-labels.idx1-ubyte.gz", gzip(label_bytes()));
    put("t10k-images-idx3-ubyte.gz", gzip(images()));
    put("t10k-labels-idx1-ubyte", label_bytes());
    const DataParts parts = open();
    expect_contents(*parts.train);
    expect_contents(*parts.test);
}

TEST_F(Idx, needs_neither_labels_nor_a_training_part) {
    put("t10k-images-idx3-ubyte", images());
    const DataParts parts = open();
    EXPECT_EQ(parts.train, nullptr);
    EXPECT_FALSE(parts.test->labeled());
    EXPECT_EQ(inputs(*parts.test).size(), static_cast<std::size_t>(count * rows * columns));
    expect_preconditions_checked(*parts.test);
}

TEST_F(Idx, takes_its_labels_as_values_where_asked) {
    put("train-images-idx3-ubyte", images());
    put("train-labels-idx1-ubyte", label_bytes());
    const DataParts parts = open({.task = Task::values, .class_names = {}});
    EXPECT_EQ(parts.train->outputs(), 1);
    EXPECT_EQ(values(*parts.train)[3], 3 * 7 % 10);
}

TEST_F(Idx, knows_the_range_of_labels_where_the_classes_are_known) {
    put("train-images-idx3-ubyte", images());
    put("train-labels-idx1-ubyte", label_bytes());
    std::vector<std::string> names = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    EXPECT_EQ(open({.class_names = names}).train->class_names(), names);
    names.pop_back();
    expect_mentions(message_of<DataError>([&] { open({.class_names = names}); }),
                    {"labels out of range", "9 classes"});
}

TEST_F(Idx, says_which_files_it_looks_for) {
    expect_mentions(message_of<MissingError>([&] { open(); }),
                    {folder_.string(), "train-images-idx3-ubyte"});
    folder_ /= "absent";
    EXPECT_THROW(open(), MissingError);
    folder_ = folder_.parent_path();
}

TEST_F(Idx, refuses_counts_that_differ) {
    put("train-images-idx3-ubyte", images());
    put("train-labels-idx1-ubyte", label_bytes(count - 1));
    expect_mentions(message_of<DataError>([&] { open(); }), {"300", "299", "labels-idx1"});
}

TEST_F(Idx, refuses_other_files_under_its_names) {
    for (const std::string& bytes :
         {std::string(), std::string("\0\0\x08", 3), std::string(5000, 'x'), images(count, 2049),
          images(0), gzip("short"), std::string("\x1f\x8b")}) {
        put("train-images-idx3-ubyte", bytes);
        EXPECT_THROW(open(), DataError) << bytes.size();
    }
    put("train-images-idx3-ubyte", images());
    put("train-labels-idx1-ubyte", images());
    EXPECT_THROW(open(), DataError);
}

TEST_F(Idx, refuses_sizes_beyond_the_file_without_allocating_them) {
    const std::uint32_t most = 0xFFFFFFFF;
    const std::string absurd =
        big_endian(2051) + big_endian(most) + big_endian(most) + big_endian(most);
    put("train-images-idx3-ubyte", absurd + std::string(100, 'x'));
    EXPECT_THROW(open(), DataError);
    put("train-images-idx3-ubyte", gzip(absurd + std::string(100, 'x')));
    EXPECT_THROW(open(), DataError);
    put("train-images-idx3-ubyte", images());
    put("train-labels-idx1-ubyte", gzip(big_endian(2049) + big_endian(most) + "abc"));
    EXPECT_THROW(open(), DataError);
}

TEST_F(Idx, refuses_plain_files_of_another_length_when_it_opens_them) {
    const std::string whole = images();
    for (const std::size_t length : {whole.size() - 1, whole.size() / 2, std::size_t{17}}) {
        put("train-images-idx3-ubyte", whole.substr(0, length));
        expect_mentions(message_of<DataError>([&] { open(); }), {"truncated", "train-images"});
    }
    put("train-images-idx3-ubyte", whole + "x");
    EXPECT_THROW(open(), DataError);
    put("train-images-idx3-ubyte", whole);
    put("train-labels-idx1-ubyte", label_bytes().substr(0, 100));
    EXPECT_THROW(open(), DataError);
}

TEST_F(Idx, refuses_truncated_or_damaged_gzip_files_when_it_reads_them) {
    const std::string packed = gzip(images());
    std::vector<std::string> bad = {
        packed.substr(0, packed.size() - 1), packed.substr(0, packed.size() - 9),
        packed.substr(0, packed.size() / 2), gzip(images() + "x"), gzip(images().substr(0, 9000))};
    for (const std::size_t place : {packed.size() / 3, packed.size() - 6, packed.size() - 2}) {
        bad.push_back(packed);
        bad.back()[place] = static_cast<char>(bad.back()[place] ^ 4);
    }
    for (std::size_t i = 0; i < bad.size(); ++i) {
        put("train-images-idx3-ubyte.gz", bad[i]);
        EXPECT_THROW(inputs(*open().train), DataError) << "case " << i;
    }
    put("train-images-idx3-ubyte.gz", packed);
    EXPECT_NO_THROW(inputs(*open().train));
    const std::string packed_labels = gzip(label_bytes());
    put("train-labels-idx1-ubyte.gz", packed_labels.substr(0, packed_labels.size() - 3));
    EXPECT_THROW(open(), DataError);
}

}  // namespace
}  // namespace hoist
