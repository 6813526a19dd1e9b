#include "data_files.hpp"
#include "hoist/data/convert.hpp"

namespace hoist {
namespace {

using Words = std::vector<std::string>;

class OpenDataset : public DataFiles {
  protected:
    DataConfig hdf5(const std::string& name) const {
        DataConfig config;
        config.format = "hdf5";
        config.path = folder_.string();
        config.train = name;
        return config;
    }
};

TEST_F(OpenDataset, knows_its_formats_and_suggests_the_nearest) {
    EXPECT_EQ(data_formats(),
              (Words{"glyphs", "idx", "cifar10", "csv", "hdf5", "numpy", "images", "memory"}));
    DataConfig config;
    config.format = "gylphs";
    expect_mentions(message_of<UsageError>([&] { open_dataset(config, {}); }),
                    {"gylphs", "did you mean glyphs?", "idx"});
    config.format = "parquet-files";
    expect_mentions(message_of<UsageError>([&] { open_dataset(config, {}); }), {"choose one"});
}

TEST_F(OpenDataset, converts_classes_to_hdf5_and_back) {
    DataConfig config;
    // More than one block of the conversion.
    config.samples = 1500;
    const DataParts glyphs = open_dataset(config, {});
    write_hdf5(*glyphs.train, Task::classes, folder_ / "glyphs.h5");
    const DataParts copy = open_dataset(hdf5("glyphs.h5"), {});
    EXPECT_EQ(inputs(*copy.train), inputs(*glyphs.train));
    EXPECT_EQ(labels(*copy.train), labels(*glyphs.train));
    EXPECT_EQ(copy.train->class_names(), glyphs.train->class_names());
    EXPECT_EQ(copy.train->image_size(), glyphs.train->image_size());
    EXPECT_EQ(copy.train->outputs(), 10);
}

TEST_F(OpenDataset, converts_values_and_data_without_targets) {
    put("a.csv", "1,2,0.5\n3,4,-7\n5,6,0.1\n");
    DataConfig config;
    config.format = "csv";
    config.path = folder_.string();
    config.train = "a.csv";
    const DataUse use{.task = Task::values, .class_names = {}};
    const DataParts table = open_dataset(config, use);
    write_hdf5(*table.train, Task::values, folder_ / "values.h5");
    const DataParts copy = open_dataset(hdf5("values.h5"), use);
    EXPECT_EQ(inputs(*copy.train), inputs(*table.train));
    EXPECT_EQ(values(*copy.train), values(*table.train));

    const DataParts inputs_only = open_dataset(config, {.features = 3, .class_names = {}});
    write_hdf5(*inputs_only.train, Task::classes, folder_ / "inputs.h5");
    const DataParts bare = open_dataset(hdf5("inputs.h5"), {});
    EXPECT_FALSE(bare.train->labeled());
    EXPECT_EQ(inputs(*bare.train), inputs(*inputs_only.train));
    EXPECT_THROW(write_hdf5(*table.train, Task::values, folder_ / "absent" / "a.h5"), OutputError);
}

}  // namespace
}  // namespace hoist
