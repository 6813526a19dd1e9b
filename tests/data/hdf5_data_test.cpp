#include <hdf5.h>

#include <limits>

#include "data_files.hpp"
#include "hoist/io/hdf5_file.hpp"

namespace hoist {
namespace {

using Words = std::vector<std::string>;
using Numbers = std::vector<double>;
using Labels = std::vector<Index>;

class Hdf5Data : public DataFiles {
  protected:
    Hdf5Data() {
        config_.format = "hdf5";
        config_.path = folder_.string();
        config_.train = "train.h5";
    }

    /// Writes a file with 4 x 3 inputs and whatever `more` adds.
    template <typename More>
    void write(const std::string& name, More more) const {
        Hdf5Writer writer(folder_ / name);
        writer.write<double>("/inputs", 4, 3, Numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
        more(writer);
        writer.commit();
    }

    DataParts open(const DataUse& use = {}) const { return open_dataset(config_, use); }

    DataConfig config_;
};

constexpr auto nothing = [](Hdf5Writer&) {};

TEST_F(Hdf5Data, reads_inputs_and_numbered_classes) {
    write("train.h5", [](Hdf5Writer& w) { w.write<Index>("/labels", Labels{1, 0, 2, 1}); });
    const DataParts parts = open();
    Dataset& data = *parts.train;
    EXPECT_EQ(data.samples(), 4);
    EXPECT_EQ(data.features(), 3);
    EXPECT_EQ(data.outputs(), 0);
    EXPECT_EQ(data.image_size(), (std::pair<Index, Index>{0, 0}));
    EXPECT_EQ(inputs(data), (Numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    EXPECT_EQ(labels(data), (Labels{1, 0, 2, 1}));
    expect_pieces_equal_whole(data);
    expect_preconditions_checked(data);
    EXPECT_EQ(open({.class_names = {"0", "1", "2"}}).train->outputs(), 3);
    expect_mentions(message_of<DataError>([&] {
                        open({.class_names = {"0", "1"}});
                    }),
                    {"labels out of range", "sample 2"});
}

TEST_F(Hdf5Data, takes_whole_numbers_stored_as_floating_point_for_classes) {
    write("train.h5", [](Hdf5Writer& w) {
        w.write<float>("/labels", std::vector<float>{1, 0, 2, 1});
    });
    EXPECT_EQ(labels(*open().train), (Labels{1, 0, 2, 1}));
    for (const float bad : {0.5F, -1.F, std::numeric_limits<float>::quiet_NaN(), 1e30F}) {
        write("train.h5", [&](Hdf5Writer& w) {
            w.write<float>("/labels", std::vector<float>{1, 0, bad, 1});
        });
        expect_mentions(message_of<DataError>([&] { open(); }), {"labels out of range"});
    }
}

TEST_F(Hdf5Data, reads_classes_by_name_and_numbers_the_test_part_alike) {
    write("train.h5", [](Hdf5Writer& w) { w.write("/labels", Words{"cat", "ant", "dog", "cat"}); });
    write("test.h5", [](Hdf5Writer& w) {
        w.write<Index>("/labels", Labels{0, 1, 1, 0});
        w.write("/class_names", Words{"dog", "cat"});
    });
    config_.test = "test.h5";
    const DataParts parts = open();
    EXPECT_EQ(parts.train->class_names(), (Words{"ant", "cat", "dog"}));
    EXPECT_EQ(labels(*parts.train), (Labels{1, 0, 2, 1}));
    EXPECT_EQ(labels(*parts.test), (Labels{2, 1, 1, 2}));
    EXPECT_EQ(parts.test->outputs(), 3);

    write("test.h5", [](Hdf5Writer& w) { w.write("/labels", Words{"cat", "ant", "dog", "cow"}); });
    expect_mentions(message_of<DataError>([&] { open(); }), {"labels out of range", "cow"});
}

TEST_F(Hdf5Data, keeps_the_order_of_class_names_in_the_file) {
    write("train.h5", [](Hdf5Writer& w) {
        w.write<Index>("/labels", Labels{0, 1, 2, 0});
        w.write("/class_names", Words{"z", "b", "a"});
    });
    EXPECT_EQ(open().train->class_names(), (Words{"z", "b", "a"}));
    EXPECT_EQ(labels(*open().train), (Labels{0, 1, 2, 0}));
    write("train.h5", [](Hdf5Writer& w) {
        w.write<Index>("/labels", Labels{0, 1, 3, 0});
        w.write("/class_names", Words{"z", "b", "a"});
    });
    EXPECT_THROW(open(), DataError);
}

TEST_F(Hdf5Data, reads_compressed_images_of_bytes_as_shares_of_255) {
    const hid_t file =
        H5Fcreate((folder_ / "train.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t sizes[3] = {6, 2, 3};
    const hsize_t chunk[3] = {4, 1, 2};
    const hid_t space = H5Screate_simple(3, sizes, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 3, chunk);
    H5Pset_shuffle(creation);
    const hid_t data =
        H5Dcreate2(file, "inputs", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    std::vector<std::uint8_t> bytes(36);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{200});
    H5Dwrite(data, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
    H5Dclose(data);
    H5Pclose(creation);
    H5Sclose(space);
    H5Fclose(file);

    const DataParts parts = open();
    EXPECT_EQ(parts.train->image_size(), (std::pair<Index, Index>{2, 3}));
    const Numbers all = inputs(*parts.train);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        EXPECT_EQ(all[i], bytes[i] / 255.0);
    }
    expect_pieces_equal_whole(*parts.train);
}

TEST_F(Hdf5Data, reads_values) {
    write("train.h5", [](Hdf5Writer& w) {
        w.write<double>("/targets", 4, 2, Numbers{0, 1, 2, 3, 4, 5, 6, 7});
        w.write<double>("/height", Numbers{1.5, 2.5, 3.5, 4.5});
    });
    const DataUse use{.task = Task::values, .class_names = {}};
    const DataParts parts = open(use);
    EXPECT_EQ(parts.train->outputs(), 2);
    EXPECT_EQ(values(*parts.train), (Numbers{0, 1, 2, 3, 4, 5, 6, 7}));
    expect_preconditions_checked(*parts.train);
    config_.target = "height";
    EXPECT_EQ(values(*open(use).train), (Numbers{1.5, 2.5, 3.5, 4.5}));
    config_.target = "weight";
    expect_mentions(message_of<DataError>([&] { open(use); }), {"weight", "height", "targets"});
}

TEST_F(Hdf5Data, without_a_target_is_not_labeled) {
    write("train.h5", nothing);
    EXPECT_FALSE(open().train->labeled());
    expect_preconditions_checked(*open().train);
}

TEST_F(Hdf5Data, says_what_is_wrong) {
    {
        Hdf5Writer writer(folder_ / "train.h5");
        writer.write<double>("/samples", 1, 1, Numbers{1});
        writer.commit();
    }
    expect_mentions(message_of<DataError>([&] { open(); }), {"inputs", "it holds samples"});
    {
        Hdf5Writer writer(folder_ / "train.h5");
        writer.write<double>("/inputs", 0, 3, {});
        writer.commit();
    }
    expect_mentions(message_of<DataError>([&] { open(); }), {"no samples"});
    write("train.h5", [](Hdf5Writer& w) { w.write<Index>("/labels", Labels{1, 0, 2}); });
    expect_mentions(message_of<DataError>([&] { open(); }), {"4 inputs", "3 in labels"});
    write("train.h5", [](Hdf5Writer& w) { w.write<Index>("/labels", 4, 2, Labels(8)); });
    expect_mentions(message_of<DataError>([&] { open(); }), {"one class per sample"});
    put("train.h5", "not HDF5");
    EXPECT_THROW(open(), DataError);
    std::filesystem::remove(folder_ / "train.h5");
    EXPECT_THROW(open(), MissingError);
}

TEST_F(Hdf5Data, that_is_not_finite_is_refused_by_sample) {
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        {
            Hdf5Writer writer(folder_ / "train.h5");
            writer.write<double>("/inputs", 3, 2, Numbers{0, 1, 2, bad, 4, 5});
            writer.write<double>("/targets", Numbers{0, 1, bad});
            writer.commit();
        }
        const DataParts parts = open();
        EXPECT_EQ(inputs(*parts.train, {0, 2}), (Numbers{0, 1, 4, 5}));
        expect_mentions(message_of<DataError>([&] { inputs(*parts.train); }), {"sample 1"});
        expect_mentions(
            message_of<DataError>([&] { open({.task = Task::values, .class_names = {}}); }),
            {"sample 2"});
    }
}

TEST_F(Hdf5Data, too_large_for_the_precision_is_refused_by_array_and_sample) {
    const DataUse single{.largest = std::numeric_limits<float>::max()};
    const auto write_with = [&](double input, double value) {
        write("train.h5", [&](Hdf5Writer& w) {
            w.write<double>("/x", 2, 2, Numbers{0, 1, 2, input});
            w.write<double>("/y", 2, 1, Numbers{0, value});
        });
        config_.inputs = "x";
        config_.target = "y";
    };
    write_with(1e39, 1);
    expect_mentions(message_of<DataError>([&] { inputs(*open(single).train); }),
                    {"x in ", "sample 1", "1e+39", "train.precision = double"});
    EXPECT_EQ(inputs(*open().train), (Numbers{0, 1, 2, 1e39}));
    write_with(3, -1e39);
    DataUse values_of = single;
    values_of.task = Task::values;
    expect_mentions(message_of<DataError>([&] { open(values_of); }),
                    {"y in ", "sample 1", "-1e+39", "train.precision = double"});
    values_of.largest = std::numeric_limits<double>::max();
    EXPECT_EQ(values(*open(values_of).train), (Numbers{0, -1e39}));
}

TEST_F(Hdf5Data, has_equally_wide_parts) {
    write("train.h5", nothing);
    {
        Hdf5Writer writer(folder_ / "test.h5");
        writer.write<double>("/inputs", 2, 2, Numbers{0, 1, 2, 3});
        writer.commit();
    }
    config_.test = "test.h5";
    expect_mentions(message_of<DataError>([&] { open(); }), {"3 and 2"});
}

}  // namespace
}  // namespace hoist
