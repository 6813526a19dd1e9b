#include "../src/data/array_name.hpp"

#include <gtest/gtest.h>

namespace hoist {
namespace {

TEST(ArrayName, TellsRoleAndPart) {
    for (const char* name :
         {"x_train", "X_train", "xTrain", "XTrain", "Xtrain", "train_images", "trainImages",
          "train/x", "train/images/data", "data/train", "train-imgs", "train_set_x"}) {
        const ArrayName said(name);
        EXPECT_EQ(said.role, ArrayRole::inputs) << name;
        EXPECT_EQ(said.part, NamedPart::train) << name;
        EXPECT_TRUE(said.plain) << name;
    }
    for (const char* name :
         {"y_test", "Y_test", "ytest", "testLabels", "test/labels", "test/labels/data",
          "data/test/y", "t10k-labels", "test_set_y", "targets_test"}) {
        const ArrayName said(name);
        EXPECT_EQ(said.role, ArrayRole::targets) << name;
        EXPECT_EQ(said.part, NamedPart::test) << name;
        EXPECT_TRUE(said.plain) << name;
    }
    EXPECT_EQ(ArrayName("x_val").part, NamedPart::other);
    EXPECT_EQ(ArrayName("inputs").part, NamedPart::none);
}

TEST(ArrayName, IsPlainOnlyWhereItSaysNothingElse) {
    for (const char* name :
         {"x_mean", "image_ids", "class_names", "target_names", "kmnist-train-imgs", "arr_0",
          "samples", "latex", "entry", "train", "", "/", "x_train_test"}) {
        EXPECT_FALSE(ArrayName(name).plain) << name;
    }
}

TEST(ArrayName, KeepsTheRestSoThatPairsAreFound) {
    EXPECT_EQ(ArrayName("kmnist-train-imgs").rest, ArrayName("kmnist-train-labels").rest);
    EXPECT_NE(ArrayName("kmnist-train-imgs").rest, ArrayName("k49-train-labels").rest);
    EXPECT_EQ(ArrayName("a/train/scans").without_part, ArrayName("scans/test/a").without_part);
    EXPECT_NE(ArrayName("x_train").without_part, ArrayName("y_train").without_part);
}

}  // namespace
}  // namespace hoist
