#include "data_files.hpp"

namespace hoist {
namespace {

constexpr Index places = 32 * 32;

int pixel(Index image, Index color, Index place) {
    return static_cast<int>((image * 37 + color * 101 + place * 11) % 256);
}

/// Images first, first + 1, ...; the class of image i is i mod 10.
std::string batch(Index first, Index images) {
    std::string bytes;
    for (Index image = first; image < first + images; ++image) {
        bytes += static_cast<char>(image % 10);
        for (Index color = 0; color < 3; ++color) {
            for (Index place = 0; place < places; ++place) {
                bytes += static_cast<char>(pixel(image, color, place));
            }
        }
    }
    return bytes;
}

const std::string names =
    "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";

class Cifar10 : public DataFiles {
  protected:
    DataParts open(const DataUse& use = {}, const std::string& train = "") const {
        DataConfig config;
        config.format = "cifar10";
        config.path = folder_.string();
        config.train = train;
        return open_dataset(config, use);
    }

    void expect_refused(const std::string& bytes, const std::vector<std::string>& words) {
        put("test_batch.bin", bytes);
        expect_mentions(message_of<DataError>([&] { open(); }), words);
    }
};

void expect_images(Dataset& data, Index first, Index count) {
    ASSERT_EQ(data.samples(), count);
    ASSERT_EQ(data.features(), 3 * places);
    const std::vector<double> all = inputs(data);
    const std::vector<Index> numbers = labels(data);
    for (Index i = 0; i < count; ++i) {
        ASSERT_EQ(numbers[static_cast<std::size_t>(i)], (first + i) % 10);
        for (Index place = 0; place < places; ++place) {
            for (Index color = 0; color < 3; ++color) {  // side by side
                const auto at = static_cast<std::size_t>((i * places + place) * 3 + color);
                ASSERT_EQ(all[at], pixel(first + i, color, place) / 255.0);
            }
        }
    }
    expect_pieces_equal_whole(data);
    expect_preconditions_checked(data);
}

TEST_F(Cifar10, reads_batches_one_after_the_other_plain_or_packed) {
    put("data_batch_1.bin", batch(0, 7));
    put("data_batch_2.bin.gz", gzip(batch(7, 12)));
    put("data_batch_3.bin", batch(19, 1));
    put("data_batch_4.bin", batch(20, 3));
    put("data_batch_5.bin.gz", gzip(batch(23, 2)));
    put("test_batch.bin.gz", gzip(batch(3, 11)));
    put("batches.meta.txt", names);
    const DataParts parts = open();
    expect_images(*parts.train, 0, 25);
    expect_images(*parts.test, 3, 11);
    EXPECT_EQ(parts.train->outputs(), 10);
    EXPECT_EQ(parts.train->class_names()[9], "truck");
    EXPECT_EQ(parts.test->class_names(), parts.train->class_names());
    EXPECT_EQ(parts.train->remarks(), std::vector<std::string>{});
    EXPECT_EQ(parts.train->image_size(),
              (std::pair<Index, Index>{0, 0}));  // which is for gray ones
}

TEST_F(Cifar10, needs_neither_names_nor_all_batches_and_says_which_it_lacks) {
    put("data_batch_2.bin", batch(0, 4));
    const DataParts parts = open();
    expect_images(*parts.train, 0, 4);
    EXPECT_EQ(parts.test, nullptr);
    EXPECT_EQ(parts.train->class_names(), std::vector<std::string>{});
    ASSERT_EQ(parts.train->remarks().size(), 1u);
    expect_mentions(parts.train->remarks().front(),
                    {"data_batch_1.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin"});
}

TEST_F(Cifar10, finds_the_folder_of_the_archive) {
    std::filesystem::create_directory(folder_ / "cifar-10-batches-bin");
    put("cifar-10-batches-bin/test_batch.bin", batch(0, 5));
    expect_images(*open().test, 0, 5);
}

TEST_F(Cifar10, takes_its_classes_as_values_where_asked) {
    put("test_batch.bin", batch(0, 4));
    EXPECT_EQ(values(*open({.task = Task::values}).test)[3], 3.0);
}

TEST_F(Cifar10, gives_its_luminance_where_that_is_asked) {
    put("test_batch.bin", batch(2, 5));
    DataConfig config;
    config.format = "cifar10";
    config.path = folder_.string();
    config.gray = true;
    const DataParts parts = open_dataset(config, {});
    ASSERT_EQ(parts.test->features(), places);
    EXPECT_EQ(parts.test->image_size(), (std::pair<Index, Index>{32, 32}));
    const std::vector<double> all = inputs(*parts.test);
    for (Index i = 0; i < 5; ++i) {
        for (Index place = 0; place < places; ++place) {
            const double exact = 0.299 * pixel(2 + i, 0, place) + 0.587 * pixel(2 + i, 1, place) +
                                 0.114 * pixel(2 + i, 2, place);
            EXPECT_NEAR(255.0 * all[static_cast<std::size_t>(i * places + place)], exact, 0.5001);
        }
    }
    expect_pieces_equal_whole(*parts.test);
}

TEST_F(Cifar10, refuses_what_is_no_batch) {
    expect_refused("", {"test_batch.bin", "0 bytes"});
    expect_refused(batch(0, 2).substr(1), {"test_batch.bin", "6145 bytes", "3073"});
    std::string other = batch(0, 3);
    other[3073] = 11;
    expect_refused(other, {"test_batch.bin", "image 1", "class 11"});
}

TEST_F(Cifar10, refuses_packed_files_that_are_cut_off_or_damaged_or_hold_more_than_they_say) {
    const std::string packed = gzip(batch(0, 3));
    std::string damaged = packed;
    damaged[damaged.size() / 2] ^= 0x55;
    for (const std::string& bytes :
         {packed.substr(0, packed.size() / 2), damaged, packed + packed, packed.substr(0, 3)}) {
        put("test_batch.bin.gz", bytes);
        expect_mentions(message_of<DataError>([&] { open(); }), {"test_batch.bin.gz"});
    }
}

TEST_F(Cifar10, refuses_names_that_are_not_ten) {
    put("test_batch.bin", batch(0, 2));
    put("batches.meta.txt", "cat\ndog\n");
    expect_mentions(message_of<DataError>([&] { open(); }), {"batches.meta.txt", "2 names", "10"});
}

TEST_F(Cifar10, says_what_is_missing_and_that_files_have_no_other_names) {
    expect_mentions(message_of<MissingError>([&] { open(); }),
                    {folder_.string(), "data_batch_1.bin", "test_batch.bin"});
    expect_mentions(message_of<UsageError>([&] { open({}, "data_batch_1.bin"); }), {"data.train"});
}

}  // namespace
}  // namespace hoist
