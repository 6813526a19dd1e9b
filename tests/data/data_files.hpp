#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/data/dataset.hpp"
#include "support/messages.hpp"
#include "support/own_folder.hpp"

namespace hoist {

/// A test with a folder of its own, whose name has a space in it.
class DataFiles : public testing::Test {
  protected:
    void put(const std::string& name, std::string_view bytes) const {
        std::ofstream(folder_ / name, std::ios::binary).write(bytes.data(), std::ssize(bytes));
    }

    const OwnFolder own_;
    std::filesystem::path folder_ = own_.path();
};

/// What the program gzip makes of `bytes`.
inline std::string gzip(const std::string& bytes) {
    z_stream stream = {};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    std::string input = bytes;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

inline std::vector<Index> all_of(const Dataset& data) {
    std::vector<Index> samples(static_cast<std::size_t>(data.samples()));
    std::iota(samples.begin(), samples.end(), Index{0});
    return samples;
}

inline std::vector<double> inputs(Dataset& data, const std::vector<Index>& samples) {
    std::vector<double> columns(samples.size() * static_cast<std::size_t>(data.features()));
    data.read_inputs(samples, columns);
    return columns;
}

inline std::vector<double> inputs(Dataset& data) { return inputs(data, all_of(data)); }

inline std::vector<Index> labels(Dataset& data) {
    std::vector<Index> numbers(static_cast<std::size_t>(data.samples()));
    data.read_labels(all_of(data), numbers);
    return numbers;
}

inline std::vector<double> values(Dataset& data) {
    std::vector<double> columns(static_cast<std::size_t>(data.samples() * data.outputs()));
    data.read_values(all_of(data), columns);
    return columns;
}

/// Every part of `data` read in pieces, skipping and going back, is what reading at once gives.
inline void expect_pieces_equal_whole(Dataset& data) {
    const std::vector<double> whole = inputs(data);
    const auto size = static_cast<std::size_t>(data.features());
    const auto expect_same = [&](const std::vector<Index>& samples) {
        const std::vector<double> piece = inputs(data, samples);
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const auto from = whole.begin() + samples[i] * data.features();
            EXPECT_TRUE(std::equal(from, from + data.features(),
                                   piece.begin() + static_cast<Index>(i * size)))
                << "sample " << samples[i];
        }
    };
    const Index last = data.samples() - 1;
    ASSERT_GE(last, 3);
    expect_same({0, 1});
    expect_same({1, 2});
    expect_same({last});
    expect_same({0, 2, last});
    expect_same({0, 1, last});
    expect_same({0, last - 1, last});
    expect_same({});
    for (Index sample = last; sample >= 0; --sample) {
        expect_same({sample});
    }
}

/// Requests that contradict the preconditions of Dataset are defects.
inline void expect_preconditions_checked(Dataset& data) {
    std::vector<double> columns(static_cast<std::size_t>(2 * data.features()));
    EXPECT_THROW(data.read_inputs(std::vector<Index>{0}, columns), Defect);
    EXPECT_THROW(data.read_inputs(std::vector<Index>{1, 0}, columns), Defect);
    EXPECT_THROW(data.read_inputs(std::vector<Index>{1, 1}, columns), Defect);
    EXPECT_THROW(data.read_inputs(std::vector<Index>{-1, 0}, columns), Defect);
    EXPECT_THROW(data.read_inputs(std::vector<Index>{0, data.samples()}, columns), Defect);
    std::vector<Index> numbers(1);
    EXPECT_THROW(data.read_labels(std::vector<Index>{0, 1}, numbers), Defect);
    std::vector<double> odd(static_cast<std::size_t>(2 * data.outputs() + 1));
    EXPECT_THROW(data.read_values(std::vector<Index>{0, 1}, odd), Defect);
}

}  // namespace hoist
