#include "hoist/io/hdf5_file.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/stat.h>

#include <fstream>
#include <numeric>
#include <random>

#include "hoist/base/error.hpp"
#include "support/own_folder.hpp"

namespace hoist {
namespace {

using Checksum = Hdf5Reader::Checksum;

class Hdf5File : public testing::Test {
  protected:
    std::filesystem::path file(const std::string& name = "a file.h5") const {
        return folder_ / name;
    }

    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
            names.push_back(entry.path().filename().string());
        }
        return names;
    }

    /// A file with a matrix of 0, 1, ... under the name /m.
    void write_matrix(Index rows = 3, Index columns = 4) const {
        Hdf5Writer writer(file());
        std::vector<double> values(static_cast<std::size_t>(rows * columns));
        std::iota(values.begin(), values.end(), 0.0);
        writer.write<double>("/m", rows, columns, values);
        writer.commit();
    }

    static std::string contents(const std::filesystem::path& path) {
        std::ifstream stream(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    static void put(const std::filesystem::path& path, const std::string& bytes) {
        std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
    }

    const OwnFolder own_;
    const std::filesystem::path folder_ = own_.path();
};

template <typename Call>
std::string message_of(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

template <typename Number>
class Hdf5Numbers : public Hdf5File {};
using Numbers = testing::Types<float, double, Index, std::uint8_t>;
TYPED_TEST_SUITE(Hdf5Numbers, Numbers);

TYPED_TEST(Hdf5Numbers, come_back_as_they_were_written) {
    using Number = TypeParam;
    std::vector<Number> values = {0, 1, 2, 250, 7, 9};
    values[4] = std::numeric_limits<Number>::max();
    values[5] = std::numeric_limits<Number>::lowest();
    {
        Hdf5Writer writer(this->file());
        writer.write<Number>("/deep/in/matrix", 2, 3, values);
        writer.write<Number>("/vector", values);
        writer.commit();
    }
    const Hdf5Reader reader(this->file(), Checksum::required);
    EXPECT_EQ(reader.shape("/deep/in/matrix"), (std::array<Index, 2>{2, 3}));
    EXPECT_EQ(reader.shape("/vector"), (std::array<Index, 2>{6, 1}));
    EXPECT_EQ(reader.read<Number>("/deep/in/matrix"), values);
    EXPECT_EQ(reader.read<Number>("/vector"), values);
    EXPECT_EQ(reader.element_type("/vector").kind == ElementKind::byte, sizeof(Number) == 1);
    EXPECT_FALSE(reader.holds_text("/vector"));
}

TYPED_TEST(Hdf5Numbers, written_as_columns_in_any_order_are_the_rows_of_the_matrix) {
    using Number = TypeParam;
    constexpr Index rows = 45, columns = 70;
    const auto element = [](Index r, Index c) { return static_cast<Number>((7 * r + c) % 200); };
    {
        Hdf5Writer writer(this->file());
        writer.create<Number>("/m", rows, columns, 16);
        for (const Range block : {Range{40, 70}, Range{0, 3}, Range{17, 40}, Range{3, 17}}) {
            std::vector<Number> values;
            for (Index c = block.begin; c < block.end; ++c) {
                for (Index r = 0; r < rows; ++r) {
                    values.push_back(element(r, c));
                }
            }
            writer.write_columns<Number>("/m", block.begin, rows, values);
        }
        writer.commit();
    }
    const Hdf5Reader reader(this->file(), Checksum::required);
    const std::vector<Number> all = reader.read<Number>("/m");
    std::vector<Number> row(columns), two(2 * rows);
    reader.read_rows<Number>("/m", 44, row);
    reader.read_columns<Number>("/m", 15, two);
    for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < columns; ++c) {
            ASSERT_EQ(all[static_cast<std::size_t>(r * columns + c)], element(r, c));
        }
        EXPECT_EQ(two[static_cast<std::size_t>(r)], element(r, 15));
        EXPECT_EQ(two[static_cast<std::size_t>(rows + r)], element(r, 16));
    }
    for (Index c = 0; c < columns; ++c) {
        EXPECT_EQ(row[static_cast<std::size_t>(c)], element(44, c));
    }
}

TEST_F(Hdf5File, written_as_rows_in_any_order_is_the_matrix) {
    const std::vector<double> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    {
        Hdf5Writer writer(file());
        writer.create<double>("/m", 5, 2, 0);
        writer.write_rows<double>("/m", 3, 2, std::span(values).subspan(6));
        writer.write_rows<double>("/m", 0, 2, std::span(values).first(6));
        EXPECT_THROW(writer.write_rows<double>("/m", 4, 2, std::span(values).first(4)), Defect);
        EXPECT_THROW(writer.write_rows<double>("/m", 0, 3, std::span(values).first(3)), Defect);
        EXPECT_THROW(writer.write_rows<double>("/m", 0, 2, std::span(values).first(3)), Defect);
        writer.commit();
    }
    EXPECT_EQ(Hdf5Reader(file(), Checksum::required).read<double>("/m"), values);
}

TEST_F(Hdf5File, holds_text_and_attributes) {
    const std::vector<std::string> words = {"", "glyph", "größer", std::string(70000, 'x')};
    {
        Hdf5Writer writer(file());
        writer.write("/words", words);
        writer.attribute("/", "config", words[3]);
        writer.attribute("/", "empty", std::string());
        writer.attribute("/words", "count", Index{1} << 60);
        writer.attribute("/words", "share", 0.1);
        writer.commit();
    }
    const Hdf5Reader reader(file(), Checksum::required);
    EXPECT_EQ(reader.read_text("/words"), words);
    EXPECT_TRUE(reader.holds_text("/words"));
    EXPECT_EQ(reader.text_attribute("/", "config"), words[3]);
    EXPECT_EQ(reader.text_attribute("/", "empty"), "");
    EXPECT_EQ(reader.whole_number_attribute("/words", "count"), Index{1} << 60);
    EXPECT_TRUE(reader.has_attribute("/words", "share"));
    EXPECT_FALSE(reader.has_attribute("/words", "config"));
    EXPECT_FALSE(reader.has_attribute("/absent", "config"));
    EXPECT_THROW(reader.whole_number_attribute("/words", "share"), DataError);
    EXPECT_THROW(reader.text_attribute("/words", "share"), DataError);
    EXPECT_THROW(reader.text_attribute("/", "absent"), DataError);
}

TEST_F(Hdf5File, lists_members_by_value_where_they_are_numbers) {
    {
        Hdf5Writer writer(file());
        for (const Index i : {10, 2, 0, 100}) {
            writer.write<Index>("/layers/" + std::to_string(i) + "/bias", std::vector{i});
        }
        writer.write<Index>("/layers/name", std::vector<Index>{});
        writer.commit();
    }
    const Hdf5Reader reader(file(), Checksum::required);
    EXPECT_EQ(reader.members("/layers"), (std::vector<std::string>{"0", "2", "10", "100", "name"}));
    EXPECT_TRUE(reader.has("/"));
    EXPECT_TRUE(reader.has("/layers/10/bias"));
    EXPECT_FALSE(reader.has("/layers/11/bias"));
    EXPECT_FALSE(reader.has("/layers/10/bias/deeper"));
    EXPECT_THROW(reader.members("/absent"), DataError);
    EXPECT_THROW(reader.members("/layers/10/bias"), DataError);
}

TEST_F(Hdf5File, holds_data_sets_without_elements) {
    {
        Hdf5Writer writer(file());
        writer.create<float>("/no_rows", 0, 5, 2);
        writer.create<float>("/no_columns", 5, 0, 2);
        writer.write_columns<float>("/no_rows", 0, 0, {});
        writer.write_columns<float>("/no_columns", 0, 5, {});
        writer.write<double>("/nothing", 0, 0, {});
        writer.write("/no_words", std::vector<std::string>{});
        writer.commit();
    }
    const Hdf5Reader reader(file(), Checksum::required);
    EXPECT_EQ(reader.shape("/no_rows"), (std::array<Index, 2>{0, 5}));
    EXPECT_EQ(reader.shape("/no_columns"), (std::array<Index, 2>{5, 0}));
    EXPECT_TRUE(reader.read<float>("/no_columns").empty());
    EXPECT_TRUE(reader.read<double>("/nothing").empty());
    EXPECT_TRUE(reader.read_text("/no_words").empty());
    EXPECT_NO_THROW(reader.read_rows<float>("/no_rows", 0, {}));
    EXPECT_NO_THROW(reader.read_columns<float>("/no_columns", 0, {}));
}

TEST_F(Hdf5File, clamps_chunks_that_hdf5_could_not_store) {
    {
        Hdf5Writer writer(file());
        // 3.2 GB in one chunk; nothing of it is ever written.
        writer.create<double>("/wide", 4000, 100000, 100000);
        writer.create<double>("/tall", Index{1} << 29, 2, 2);
        writer.commit();
    }
    const hid_t plain = H5Fopen(file().c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const auto extents = [&](const char* name) {
        const hid_t data = H5Dopen2(plain, name, H5P_DEFAULT);
        const hid_t space = H5Dget_space(data);
        std::array<hsize_t, 2> sizes{};
        H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
        H5Sclose(space);
        H5Dclose(data);
        return sizes;
    };
    EXPECT_EQ(extents("/wide"), (std::array<hsize_t, 2>{4000, 100000}));
    EXPECT_EQ(extents("/tall"), (std::array<hsize_t, 2>{hsize_t{1} << 29, 2}));
    H5Fclose(plain);
    EXPECT_LT(std::filesystem::file_size(file()), 100000U);
}

TEST_F(Hdf5File, of_other_programs_is_read_without_a_checksum) {
    const hid_t foreign = H5Fcreate(file().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t sizes[3] = {2, 2, 3};
    const hid_t space = H5Screate_simple(3, sizes, nullptr);
    const hid_t data =
        H5Dcreate2(foreign, "inputs", H5T_STD_I16BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const std::vector<int> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -11};
    H5Dwrite(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    const hid_t fixed = H5Tcopy(H5T_C_S1);
    H5Tset_size(fixed, 4);
    H5Tset_strpad(fixed, H5T_STR_SPACEPAD);
    const hsize_t two[1] = {2};
    const hid_t row = H5Screate_simple(1, two, nullptr);
    const hid_t names =
        H5Dcreate2(foreign, "names", fixed, row, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(names, fixed, H5S_ALL, H5S_ALL, H5P_DEFAULT, "ab  wxyz");
    for (const hid_t dataset : {data, names}) {
        H5Dclose(dataset);
    }
    for (const hid_t extent : {space, row}) {
        H5Sclose(extent);
    }
    H5Tclose(fixed);
    H5Fclose(foreign);

    const Hdf5Reader reader(file(), Checksum::if_present);
    EXPECT_EQ(reader.shape("/inputs"), (std::array<Index, 2>{2, 6}));
    EXPECT_EQ(reader.dimensions("/inputs"), (std::vector<Index>{2, 2, 3}));
    EXPECT_NE(reader.element_type("/inputs").kind, ElementKind::byte);
    EXPECT_EQ(reader.read<double>("/inputs"), std::vector<double>(values.begin(), values.end()));
    std::vector<float> second(6);
    reader.read_rows<float>("/inputs", 1, second);
    EXPECT_EQ(second, (std::vector<float>{6, 7, 8, 9, 10, -11}));
    EXPECT_EQ(reader.read_text("/names"), (std::vector<std::string>{"ab", "wxyz"}));
    EXPECT_THROW(Hdf5Reader(file(), Checksum::required), DataError);
}

TEST_F(Hdf5File, says_what_is_missing_or_of_another_kind) {
    write_matrix();
    const Hdf5Reader reader(file(), Checksum::required);
    EXPECT_THROW(reader.shape("/absent"), DataError);
    EXPECT_THROW(reader.read<double>("/absent"), DataError);
    EXPECT_THROW(reader.read_text("/m"), DataError);
    EXPECT_THROW(reader.read<Index>("/m"), DataError);
    std::vector<double> row(4);
    EXPECT_THROW(reader.read_rows<double>("/m", 3, row), DataError);
    EXPECT_THROW(reader.read_rows<double>("/m", -1, row), DataError);
    EXPECT_THROW(reader.read_columns<double>("/m", 0, row), DataError);
    const std::string message = message_of([&] { reader.shape("/absent"); });
    EXPECT_NE(message.find("/absent"), std::string::npos) << message;
    EXPECT_NE(message.find(file().string()), std::string::npos) << message;
}

TEST_F(Hdf5File, with_any_byte_changed_is_refused) {
    write_matrix(20, 30);
    const std::string whole = contents(file());
    std::mt19937_64 engine(1);
    std::vector<std::size_t> places(700);
    std::iota(places.begin(), places.end(), std::size_t{0});
    for (int i = 0; i < 500; ++i) {
        places.push_back(engine() % whole.size());
    }
    places.push_back(whole.size() - 1);
    const auto change = [&](std::size_t place, int bit) {
        std::fstream stream(file(), std::ios::binary | std::ios::in | std::ios::out);
        stream.seekp(static_cast<std::streamoff>(place));
        stream.put(static_cast<char>(whole[place] ^ bit));
    };
    for (const std::size_t place : places) {
        change(place, 1 << (place % 8));
        for (const auto checksum : {Checksum::required, Checksum::if_present}) {
            EXPECT_THROW(Hdf5Reader(file(), checksum), DataError) << "at byte " << place;
        }
        change(place, 0);
    }
    EXPECT_NO_THROW(Hdf5Reader(file(), Checksum::required));
}

TEST_F(Hdf5File, of_any_other_length_is_refused) {
    write_matrix(20, 30);
    const std::string whole = contents(file());
    std::vector<std::size_t> lengths = {0, 1, 8, 45, 511, 512, 513, 520, whole.size() - 1};
    for (std::size_t length = 600; length < whole.size(); length += 97) {
        lengths.push_back(length);
    }
    for (const std::size_t length : lengths) {
        put(file("bad.h5"), whole.substr(0, length));
        EXPECT_THROW(Hdf5Reader(file("bad.h5"), Checksum::required), DataError) << length;
        EXPECT_THROW(Hdf5Reader(file("bad.h5"), Checksum::if_present), DataError) << length;
    }
    const auto truncated = message_of([&] { Hdf5Reader(file("bad.h5"), Checksum::required); });
    EXPECT_NE(truncated.find("truncated"), std::string::npos) << truncated;
    put(file("bad.h5"), whole + "x");
    EXPECT_THROW(Hdf5Reader(file("bad.h5"), Checksum::required), DataError);
}

TEST_F(Hdf5File, that_is_something_else_is_refused) {
    put(file("text.h5"), std::string(5000, 'a'));
    put(file("short.h5"), "a,b\n1,2\n");
    for (const char* name : {"text.h5", "short.h5"}) {
        EXPECT_THROW(Hdf5Reader(file(name), Checksum::required), DataError);
        EXPECT_THROW(Hdf5Reader(file(name), Checksum::if_present), DataError);
    }
    EXPECT_THROW(Hdf5Reader(file("absent.h5"), Checksum::if_present), MissingError);
    EXPECT_THROW(Hdf5Reader(folder_, Checksum::required), MissingError);
}

TEST_F(Hdf5File, appears_whole_or_not_at_all) {
    {
        Hdf5Writer writer(file());
        writer.write<double>("/m", std::vector{1.0});
        EXPECT_EQ(files(), std::vector<std::string>{"a file.h5.tmp"});
    }
    EXPECT_TRUE(files().empty());

    write_matrix();
    const std::string old = contents(file());
    {
        Hdf5Writer writer(file(), 1 << 20);
        writer.write<double>("/m", std::vector{1.0});
    }
    EXPECT_EQ(contents(file()), old);
    EXPECT_EQ(files(), std::vector<std::string>{"a file.h5"});

    Hdf5Writer writer(file(), 1 << 20);
    writer.write<double>("/m", std::vector{1.0});
    EXPECT_EQ(contents(file()), old);
    writer.commit();
    EXPECT_EQ(Hdf5Reader(file(), Checksum::required).read<double>("/m"), std::vector{1.0});
    EXPECT_EQ(files(), std::vector<std::string>{"a file.h5"});
}

TEST_F(Hdf5File, replaces_a_temporary_that_a_killed_process_left) {
    put(file("a file.h5.tmp"), std::string(100000, 'x'));
    write_matrix();
    EXPECT_EQ(files(), std::vector<std::string>{"a file.h5"});
    EXPECT_NO_THROW(Hdf5Reader(file(), Checksum::required));
}

TEST_F(Hdf5File, gives_back_space_it_reserved_and_did_not_use) {
    Hdf5Writer writer(file(), 50 << 20);
    writer.write<double>("/m", std::vector{1.0});
    writer.commit();
    struct stat status = {};
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_LT(status.st_size, 10000);
    EXPECT_LT(status.st_blocks * 512, 1 << 20);
}

TEST_F(Hdf5File, that_cannot_be_made_is_an_output_error) {
    put(file("plain"), "text");
    EXPECT_THROW(Hdf5Writer(file("absent") / "a.h5"), OutputError);
    EXPECT_THROW(Hdf5Writer(file("plain") / "a.h5"), OutputError);
    EXPECT_THROW(Hdf5Writer("/proc/a.h5"), OutputError);
    EXPECT_THROW(Hdf5Writer(file(), Index{1} << 60), OutputError);
    EXPECT_EQ(files(), std::vector<std::string>{"plain"});
    const std::string message = message_of([&] { Hdf5Writer(file("absent") / "a.h5"); });
    EXPECT_NE(message.find("No such file or directory"), std::string::npos) << message;

    std::filesystem::create_directory(file());
    Hdf5Writer writer(file());
    EXPECT_THROW(writer.commit(), OutputError);
}

TEST_F(Hdf5File, writes_nothing_more_after_a_failure) {
    Hdf5Writer writer(file());
    writer.write<double>("/m", std::vector{1.0});
    EXPECT_THROW(writer.write<double>("/m", std::vector{2.0}), OutputError);
    EXPECT_THROW(writer.attribute("/", "a", 1.0), Defect);
    EXPECT_THROW(writer.commit(), Defect);
}

TEST_F(Hdf5File, checks_its_preconditions) {
    Hdf5Writer writer(file());
    writer.create<double>("/m", 2, 3, 3);
    const std::vector<double> values(5);
    EXPECT_THROW(writer.write<double>("/n", 2, 3, values), Defect);
    EXPECT_THROW(writer.write_columns<double>("/m", 0, 2, values), Defect);
    EXPECT_THROW(writer.write_columns<double>("/m", 0, 5, values), Defect);
    EXPECT_THROW(writer.write_columns<double>("/m", 2, 2, std::span(values).first(4)), Defect);
    EXPECT_THROW(writer.create<double>("/k", 2, 3, -1), Defect);
}

}  // namespace
}  // namespace hoist
