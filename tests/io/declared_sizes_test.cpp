#include <gtest/gtest.h>
#include <hdf5.h>

#include <numeric>
#include <string>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "support/own_folder.hpp"

namespace hoist {
namespace {

/// A file made by the HDF5 library alone, with one data set of doubles, "/m".
class DeclaredSizes : public testing::Test {
  protected:
    DeclaredSizes() {
        file_ = H5Fcreate((folder_ / "a.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        creation_ = H5Pcreate(H5P_DATASET_CREATE);
    }

    /// Declares sizes[0] x sizes[1] numbers and writes the first `rows` rows: 0, 1, ...
    void write(const std::vector<hsize_t>& sizes, hsize_t rows) const {
        const std::vector<hsize_t>& most = most_.empty() ? sizes : most_;
        const hid_t space = H5Screate_simple(2, sizes.data(), most.data());
        const hid_t data =
            H5Dcreate2(file_, "/m", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation_, H5P_DEFAULT);
        if (rows > 0) {
            const std::vector<hsize_t> start = {0, 0};
            const std::vector<hsize_t> count = {rows, sizes[1]};
            H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(),
                                nullptr);
            const hid_t memory = H5Screate_simple(2, count.data(), nullptr);
            std::vector<double> values(rows * sizes[1]);
            std::iota(values.begin(), values.end(), 0.0);
            EXPECT_GE(H5Dwrite(data, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values.data()),
                      0);
            H5Sclose(memory);
        }
        H5Dclose(data);
        H5Sclose(space);
        H5Pclose(creation_);
        H5Fclose(file_);
    }

    std::string refusal() const {
        const Hdf5Reader reader(folder_ / "a.h5", Hdf5Reader::Checksum::if_present);
        try {
            reader.shape("/m");
        } catch (const DataError& error) {
            return error.what();
        }
        return "";
    }

    const OwnFolder own_;
    const std::filesystem::path folder_ = own_.path();
    hid_t file_;
    hid_t creation_;
    /// To which the data set may grow; empty where it may not.
    std::vector<hsize_t> most_;
};

TEST_F(DeclaredSizes, are_accepted_where_everything_was_written) {
    write({3, 4}, 3);
    EXPECT_EQ(refusal(), "");
}

TEST_F(DeclaredSizes, are_accepted_where_it_was_compressed) {
    const std::vector<hsize_t> chunk = {64, 64};
    H5Pset_chunk(creation_, 2, chunk.data());
    H5Pset_deflate(creation_, 9);
    write({500, 300}, 500);
    EXPECT_EQ(refusal(), "");
    const Hdf5Reader reader(folder_ / "a.h5", Hdf5Reader::Checksum::if_present);
    EXPECT_EQ(reader.read<double>("/m").back(), 500.0 * 300.0 - 1.0);
}

TEST_F(DeclaredSizes, are_accepted_where_chunks_are_larger_than_the_data) {
    const std::vector<hsize_t> chunk = {512, 64};
    H5Pset_chunk(creation_, 2, chunk.data());
    most_ = {H5S_UNLIMITED, H5S_UNLIMITED};
    write({3, 4}, 3);
    EXPECT_EQ(refusal(), "");
}

TEST_F(DeclaredSizes, of_a_terabyte_that_was_never_written_are_refused) {
    write({hsize_t{1} << 27, 1000}, 0);
    EXPECT_NE(refusal().find("too short"), std::string::npos) << refusal();
}

TEST_F(DeclaredSizes, of_a_terabyte_in_one_chunk_of_many_are_refused) {
    const std::vector<hsize_t> chunk = {1, 10};
    H5Pset_chunk(creation_, 2, chunk.data());
    write({hsize_t{1} << 33, 10}, 1);
    EXPECT_NE(refusal().find("too short"), std::string::npos) << refusal();
}

TEST_F(DeclaredSizes, of_another_file_are_refused) {
    H5Pset_external(creation_, "/dev/zero", 0, H5F_UNLIMITED);
    write({hsize_t{1} << 27, 1000}, 0);
    EXPECT_NE(refusal().find("another file"), std::string::npos) << refusal();
}

}  // namespace
}  // namespace hoist
