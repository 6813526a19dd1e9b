#include "data_files.hpp"

namespace hoist {
namespace {

using Words = std::vector<std::string>;
using Numbers = std::vector<double>;
using Labels = std::vector<Index>;

class Csv : public DataFiles {
  protected:
    Csv() {
        config_.format = "csv";
        config_.path = folder_.string();
        config_.train = "train file.csv";
    }

    DataParts open(std::string_view train, const DataUse& use = {}) const {
        put(config_.train, train);
        return open_dataset(config_, use);
    }

    DataParts open(std::string_view train, std::string_view test, const DataUse& use = {}) {
        config_.test = "test.csv";
        put("test.csv", test);
        return open(train, use);
    }

    template <typename Expected = DataError>
    std::string message(std::string_view train, const DataUse& use = {}) const {
        return message_of<Expected>([&] { open(train, use); });
    }

    DataConfig config_;
};

TEST_F(Csv, takes_the_last_column_for_the_target) {
    const DataParts parts = open("1,2,0\n3,4.5,1\n-5e-1,+6,0\n7,8,1\n");
    EXPECT_EQ(parts.test, nullptr);
    Dataset& data = *parts.train;
    EXPECT_EQ(data.features(), 2);
    EXPECT_EQ(data.outputs(), 2);
    EXPECT_TRUE(data.class_names().empty());
    EXPECT_EQ(inputs(data), (Numbers{1, 2, 3, 4.5, -0.5, 6, 7, 8}));
    EXPECT_EQ(labels(data), (Labels{0, 1, 0, 1}));
    expect_pieces_equal_whole(data);
    expect_preconditions_checked(data);
}

TEST_F(Csv, reads_every_separator_line_end_and_quote) {
    const Numbers expected = {1, 2, 3, 4};
    for (const char* text : {"1,2,0\n3,4,1", "1;2;0\r\n3;4;1\r\n", "1\t2\t0\n3\t4\t1\n\n\n",
                             " 1 , 2 , 0 \n 3,4 ,1\n \n",
                             "\xEF\xBB\xBF"
                             "1,2,0\n3,4,1\n",
                             "\"1\",\"2\",\"0\"\n3,4,1\n", "\"x;1\",y,z\n1,2,0\n3,4,1\n", "\n"}) {
        if (std::string_view(text) == "\n") {
            EXPECT_THROW(open(text), DataError);
            continue;
        }
        const DataParts parts = open(text);
        EXPECT_EQ(inputs(*parts.train), expected) << text;
        EXPECT_EQ(labels(*parts.train), (Labels{0, 1})) << text;
    }
}

TEST_F(Csv, keeps_separators_and_backslashes_inside_quotes) {
    const DataParts parts = open("1,\"a, b\"\n2,\"c\\d\"\n3,\"a, b\"\n");
    EXPECT_EQ(parts.train->class_names(), (Words{"a, b", "c\\d"}));
    EXPECT_EQ(labels(*parts.train), (Labels{0, 1, 0}));
    expect_mentions(message("1,\"a\n2,b\n"), {"line 1", "quote"});
}

TEST_F(Csv, takes_a_first_line_for_a_header_when_no_input_in_it_is_a_number) {
    EXPECT_EQ(open("a,b,c\n1,2,0\n").train->samples(), 1);
    EXPECT_EQ(open("a,b,7\n1,2,0\n").train->samples(), 1);
    config_.target = "7";
    EXPECT_EQ(labels(*open("a,7,b\n1,2,0\n").train), (Labels{0}));
    EXPECT_EQ(open("a,7,b\n1,2,0\n").train->class_names(), (Words{"2"}));
    config_.target = "";
    // nan counts as a number, so that the line is data, and bad.
    expect_mentions(message("a,nan,c\n1,2,0\n"), {"line 1", "column 2", "data.header"});
    expect_mentions(message("nan,inf,c\n1,2,0\n"), {"line 1", "column 1"});
    EXPECT_EQ(open("1,2,c\n1,2,d\n").train->samples(), 2);
    expect_mentions(message("a,b,c\n"), {"no samples"});
}

TEST_F(Csv, finds_the_target_by_name_and_by_number) {
    const std::string text = "id,kind,x,y\n9,M,1,2\n8,B,3,4\n";
    config_.ignore = {"id"};
    for (const char* target : {"kind", "2"}) {
        config_.target = target;
        for (const Words& ignored : {Words{"id"}, Words{"1"}}) {
            config_.ignore = ignored;
            const DataParts parts = open(text);
            EXPECT_EQ(inputs(*parts.train), (Numbers{1, 2, 3, 4}));
            EXPECT_EQ(parts.train->class_names(), (Words{"B", "M"}));
            EXPECT_EQ(labels(*parts.train), (Labels{1, 0}));
        }
    }
    config_.target = "";
    config_.ignore = {"kind", "y"};
    EXPECT_EQ(inputs(*open(text, {.task = Task::values, .class_names = {}}).train),
              (Numbers{9, 8}));

    config_.ignore = {};
    config_.target = "kimd";
    expect_mentions(message<UsageError>(text), {"kimd", "did you mean kind?"});
    config_.target = "5";
    EXPECT_THROW(open(text), UsageError);
    config_.target = "0";
    EXPECT_THROW(open(text), UsageError);
    config_.target = "kind";
    config_.ignore = {"ident"};
    EXPECT_THROW(open(text), UsageError);
    config_.ignore = {"kind"};
    expect_mentions(message<UsageError>(text), {"ignored"});
}

TEST_F(Csv, has_no_target_when_there_are_just_as_many_columns_as_inputs) {
    const DataUse use{.features = 2, .class_names = {}};
    EXPECT_FALSE(open("1,2\n3,4\n", use).train->labeled());
    EXPECT_EQ(inputs(*open("1,2\n3,4\n", use).train), (Numbers{1, 2, 3, 4}));
    EXPECT_TRUE(open("1,2,0\n3,4,1\n", use).train->labeled());
    EXPECT_FALSE(open("a,b\n3,4\n", use).train->labeled());
    config_.target = "3";
    EXPECT_FALSE(open("1,2\n3,4\n", use).train->labeled());
    config_.target = "y";
    EXPECT_FALSE(open("a,b\n3,4\n", use).train->labeled());
    EXPECT_TRUE(open("a,y\n3,4\n", use).train->labeled());
    config_.target = "";
    config_.ignore = {"1"};
    EXPECT_FALSE(open("7,1,2\n7,3,4\n", use).train->labeled());
    expect_preconditions_checked(*open("7,1,2\n7,3,4\n7,5,6\n", use).train);
}

TEST_F(Csv, sorts_class_names_as_numbers_where_all_are) {
    const DataParts numbers = open("1,10\n1,9\n1,3.0\n1,3\n");
    EXPECT_EQ(numbers.train->class_names(), (Words{"3", "9", "10"}));
    EXPECT_EQ(labels(*numbers.train), (Labels{2, 1, 0, 0}));
    const DataParts mixed = open("1,10\n1,9\n1,x\n");
    EXPECT_EQ(mixed.train->class_names(), (Words{"10", "9", "x"}));
}

TEST_F(Csv, numbers_the_classes_of_the_test_part_like_the_training_part) {
    const DataParts parts = open("1,a\n2,c\n3,b\n", "1,c\n2,b\n");
    EXPECT_EQ(labels(*parts.test), (Labels{2, 1}));
    EXPECT_EQ(parts.test->class_names(), (Words{"a", "b", "c"}));
    EXPECT_EQ(parts.test->outputs(), 3);
    expect_mentions(message_of<DataError>([&] { open("1,a\n2,c\n", "1,c\n2,b\n"); }),
                    {"labels out of range", "line 2", "\"b\"", "test.csv"});
}

TEST_F(Csv, numbers_classes_by_names_that_are_known) {
    const DataParts parts = open("1,b\n2,a\n", DataUse{.class_names = {"b", "x", "a"}});
    EXPECT_EQ(labels(*parts.train), (Labels{0, 2}));
    EXPECT_EQ(parts.train->outputs(), 3);
    expect_mentions(message("1,b\n2,c\n", {.class_names = {"b", "a"}}),
                    {"labels out of range", "c"});
    const DataParts digits = open("1,3\n2,1\n", DataUse{.class_names = {"0", "1", "2", "3"}});
    EXPECT_EQ(labels(*digits.train), (Labels{3, 1}));
    EXPECT_TRUE(digits.train->class_names().empty());
}

TEST_F(Csv, reads_a_test_part_with_other_conventions_or_without_a_target) {
    const DataParts parts = open("a,b,y\n1,2,0\n3,4,1\n", "5;6;1\r\n");
    EXPECT_EQ(inputs(*parts.test), (Numbers{5, 6}));
    EXPECT_EQ(labels(*parts.test), (Labels{1}));
    EXPECT_FALSE(open("a,b,y\n1,2,0\n3,4,1\n", "5,6\n").test->labeled());
    expect_mentions(message_of<DataError>([&] { open("1,2,0\n", "1,2,3,0\n"); }),
                    {"different inputs", "3 are inputs", "has 2"});
    expect_mentions(message_of<DataError>([&] { open("a,b,y\n1,2,0\n", "b,c,y\n1,2,0\n"); }),
                    {"different inputs", "lacks a", "has also c"});
    config_.train = "";
    const DataParts alone = open_dataset(config_, {});
    EXPECT_EQ(alone.train, nullptr);
    EXPECT_EQ(alone.test->samples(), 1);
}

TEST_F(Csv, reads_values) {
    const DataUse use{.task = Task::values, .class_names = {}};
    const DataParts parts = open("1,2,0.5\n3,4,-7\n5,6,1e3\n", use);
    EXPECT_EQ(parts.train->outputs(), 1);
    EXPECT_EQ(values(*parts.train), (Numbers{0.5, -7, 1000}));
    EXPECT_TRUE(parts.train->class_names().empty());
    expect_preconditions_checked(*parts.train);
    expect_mentions(message("1,2,0.5\n3,4,high\n", use), {"line 2", "column 3", "high"});
    expect_mentions(message("1,2,0.5\n3,4,nan\n", use), {"line 2", "column 3", "no value"});
    expect_mentions(message("1,2,0.5\n3,4,inf\n", use), {"line 2", "column 3", "finite"});
}

TEST_F(Csv, names_the_place_of_what_is_malformed) {
    expect_mentions(message("1,2,0\n3,x,1\n"), {"train file.csv", "line 2", "column 2", "\"x\""});
    expect_mentions(message("a,b,c\r\n1,2,0\r\n3,,1\r\n"), {"line 3", "column 2", "no value"});
    expect_mentions(message("1,2,0\n3,nan,1\n"), {"line 2", "column 2", "nan is no value"});
    expect_mentions(message("1,2,0\n-inf,3,1\n"), {"line 2", "column 1", "not a finite number"});
    expect_mentions(message("1,2,0\n1e999,3,1\n"), {"line 2", "column 1"});
    expect_mentions(message("1,2,0\n3,4\n"), {"line 2", "2 fields", "3"});
    expect_mentions(message("1,2,0\n3,4,1,\n"), {"line 2", "4 fields"});
    expect_mentions(message("1,2,0\n\n3,4,1\n"), {"line 3", "blank"});
    expect_mentions(message("1,2,0\n3,4,\n"), {"line 2", "column 3", "no class"});
    expect_mentions(message("1,2,0\n3,4,NaN\n"), {"line 2", "column 3"});
    expect_mentions(message("1\n2\n"), {"no inputs"});
    expect_mentions(message(""), {"empty"});
    expect_mentions(message(" \n\n"), {"empty"});
    expect_mentions(message(std::string_view("\x89HDF\0\0,1\n", 10)), {"not text"});
}

TEST_F(Csv, finds_its_rows_again_across_buffers) {
    std::string text = "first,second,y\n";
    for (int i = 0; i < 3000; ++i) {
        text += std::to_string(i) + ", " + std::to_string(i % 7) + "." + std::string(i % 50, '1') +
                "," + std::to_string(i % 3) + (i % 2 == 0 ? "\r\n" : "\n");
    }
    const DataParts parts = open(text);
    ASSERT_EQ(parts.train->samples(), 3000);
    for (const Index sample : {2999, 0, 1500, 1501, 17}) {
        EXPECT_EQ(inputs(*parts.train, {sample})[0], static_cast<double>(sample));
    }
    const Numbers some = inputs(*parts.train, {5, 1000, 1001, 2998, 2999});
    EXPECT_EQ(some[2], 1000);
    EXPECT_EQ(some[4], 1001);
    EXPECT_EQ(some[8], 2999);
}

TEST_F(Csv, notices_a_file_that_changes_under_it) {
    const DataParts parts = open("1,2,0\n3,4,1\n5,6,0\n");
    put(config_.train, "1,2,0\n");
    EXPECT_EQ(inputs(*parts.train, {0}), (Numbers{1, 2}));
    EXPECT_THROW(inputs(*parts.train, {2}), DataError);
}

TEST_F(Csv, reads_a_row_of_very_many_columns) {
    std::string row = "0.5";
    for (int i = 1; i < 100000; ++i) {
        row += ",0.5";
    }
    const DataParts parts = open(row + ",a\n" + row + ",b\n");
    EXPECT_EQ(parts.train->features(), 100000);
    EXPECT_EQ(inputs(*parts.train), Numbers(200000, 0.5));
}

TEST_F(Csv, needs_its_files) {
    EXPECT_THROW(open_dataset(config_, {}), MissingError);
    config_.train = ".";
    EXPECT_THROW(open_dataset(config_, {}), MissingError);
    config_.train = "";
    EXPECT_THROW(open_dataset(config_, {}), UsageError);
    put("absolute.csv", "1,2,0\n");
    config_.path = "/absent";
    config_.train = (folder_ / "absolute.csv").string();
    EXPECT_EQ(open_dataset(config_, {}).train->samples(), 1);
}

}  // namespace
}  // namespace hoist
