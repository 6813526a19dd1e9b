#include "hoist/io/element_type.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "hoist/base/text.hpp"

namespace hoist {
namespace {

std::vector<double> numbers(const std::string& type, const std::string& bytes) {
    std::vector<double> values(bytes.size() / numpy_type(type)->size);
    numpy_type(type)->to_numbers(bytes.data(), values);
    return values;
}

using Numbers = std::vector<double>;

TEST(ElementType, ReadsWholeNumbersInBothByteOrders) {
    EXPECT_EQ(numbers("|u1", "\x80\x01"), (Numbers{128, 1}));
    EXPECT_EQ(numbers("|i1", "\x80\x01"), (Numbers{-128, 1}));
    EXPECT_EQ(numbers("<i2", std::string("\xfe\xff\x01\x00", 4)), (Numbers{-2, 1}));
    EXPECT_EQ(numbers(">i2", std::string("\xff\xfe\x00\x01", 4)), (Numbers{-2, 1}));
    EXPECT_EQ(numbers(">u4", std::string("\xff\xff\xff\xfe", 4)), (Numbers{4294967294.0}));
    EXPECT_EQ(numbers("<u8", std::string("\0\0\0\0\0\0\0\x80", 8)), (Numbers{0x1p63}));
    EXPECT_EQ(numbers("<i8", std::string("\0\0\0\0\0\0\0\x80", 8)), (Numbers{-0x1p63}));
    EXPECT_EQ(numbers("|b1", std::string("\0\1\2", 3)), (Numbers{0, 1, 1}));
}

// The values of IEEE 754-2019, table 3.5: the least, the least normal, 1, 1/3 rounded, the largest.
TEST(ElementType, ReadsHalfPrecision) {
    EXPECT_EQ(numbers("<f2", std::string("\x01\x00\x00\x04\x00\x3c\x55\x35\xff\x7b\x00\xc0", 12)),
              (Numbers{0x1p-24, 0x1p-14, 1.0, 1365.0 / 4096.0, 65504.0, -2.0}));
    EXPECT_EQ(numbers(">f2", std::string("\x7c\x00\xfc\x00", 4)),
              (Numbers{std::numeric_limits<double>::infinity(),
                       -std::numeric_limits<double>::infinity()}));
    EXPECT_TRUE(std::isnan(numbers("<f2", std::string("\x01\x7c", 2)).front()));
}

TEST(ElementType, ReadsFloatingPointInBothByteOrders) {
    EXPECT_EQ(numbers(">f4", std::string("\x3f\xa0\x00\x00", 4)), (Numbers{1.25}));
    EXPECT_EQ(numbers("<f4", std::string("\x00\x00\xa0\x3f", 4)), (Numbers{1.25}));
    EXPECT_EQ(numbers(">f8", std::string("\xbf\xf4\0\0\0\0\0\0", 8)), (Numbers{-1.25}));
}

TEST(ElementType, ReadsTextsAsUtf8) {
    const auto text = [](const std::string& type, const std::string& bytes) {
        return numpy_type(type)->to_text(bytes.data());
    };
    EXPECT_EQ(text("|S4", std::string("ab\0\0", 4)), "ab");
    EXPECT_EQ(text("|S2", "\xc3\xa9"), "\xc3\xa9");
    EXPECT_EQ(text("|S2", "\xe9!"), std::nullopt);
    EXPECT_EQ(text("<U2", std::string("\xe9\0\0\0\x0c\xf4\x01\0", 8)), "\xc3\xa9\xf0\x9f\x90\x8c");
    EXPECT_EQ(text(">U2", std::string("\0\0\0\xe9\0\0\0\0", 8)), "\xc3\xa9");
    EXPECT_EQ(text("<U1", std::string("\0\xd8\0\0", 4)), std::nullopt);
    EXPECT_EQ(text("<U1", std::string("\0\0\x11\0", 4)), std::nullopt);
}

TEST(ElementType, IsNothingForWhatIsNoNumberAndNoText) {
    for (const char* type : {"", "<", "<f", "<f1", "<f16", "<c8", "<c16", "|O", "|V8", "<M8[s]",
                             "<i3", "<u0", "|b2", "<U0", "<U99999999999", "f4", "<f4x"}) {
        EXPECT_EQ(numpy_type(type), std::nullopt) << type;
    }
}

TEST(Utf8, IsWhatTheStandardAllows) {
    for (const char* text :
         {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\x8c", "a\xc2\x80z"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (const char* text : {"\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                             "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xe2\x82"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

}  // namespace
}  // namespace hoist
