#include <zlib.h>

#include <cmath>
#include <limits>

#include "data_files.hpp"

namespace hoist {
namespace {

using Words = std::vector<std::string>;
using Numbers = std::vector<double>;
using Labels = std::vector<Index>;

/// Tables as they are found: other separators, words, missing values, odd headers.
class CsvTables : public DataFiles {
  protected:
    CsvTables() {
        config_.format = "csv";
        config_.path = folder_.string();
        config_.train = "train.csv";
    }

    DataParts open(std::string_view train) const {
        put("train.csv", train);
        return open_dataset(config_, use_);
    }

    DataParts open(std::string_view train, std::string_view test) {
        config_.test = "test.csv";
        put("test.csv", test);
        return open(train);
    }

    template <typename Expected = DataError>
    std::string message(std::string_view train) const {
        return message_of<Expected>([&] { open(train); });
    }

    template <typename Expected = DataError>
    std::string message(std::string_view train, std::string_view test) {
        return message_of<Expected>([&] { open(train, test); });
    }

    /// The part as a model that was trained on `train` reads it.
    std::unique_ptr<Dataset> open_for_model(std::string_view train, std::string_view other) {
        config_.test = "";
        const DataParts trained = open(train);
        DataUse use = use_;
        use.table = trained.train->table();
        use.features = trained.train->features();
        use.class_names = trained.train->class_names();
        DataConfig config = config_;
        config.train = "";
        config.test = "other.csv";
        put("other.csv", other);
        return open_dataset(config, use).test;
    }

    DataConfig config_;
    DataUse use_;
};

TEST_F(CsvTables, sets_fields_off_by_blanks_tabs_or_semicolons) {
    const Numbers expected = {1, -2, 3, 4};
    for (const char* text :
         {"1 -2 a\n3 4 b\n", "  1   -2   a\n  3   4   b  \n", "1\t-2\ta\n3\t\t4\t\tb\n",
          "1 \t -2\ta\n3 4 b\n", "1;-2;a\n3;4;b\n", "x y z\n1 -2 a\n3 4 b\n",
          "1,\t-2,\ta\n3,4,\tb\n", "1,-2,a\r3,4,b\r", "1  -2\t\"a\"\n3  4\t\"b\"\n"}) {
        const DataParts parts = open(text);
        EXPECT_EQ(inputs(*parts.train), expected) << text;
        EXPECT_EQ(parts.train->class_names(), (Words{"a", "b"})) << text;
    }
    // Single tabs may have nothing between them.
    expect_mentions(message("1\t2\ta\n3\t\tb\n"), {"line 2", "column 2", "no value"});
    EXPECT_EQ(open("1\tNew York\n2\tOslo\n").train->class_names(), (Words{"New York", "Oslo"}));
    EXPECT_EQ(open("1,2,a;b\n3,4,c;d\n").train->class_names(), (Words{"a;b", "c;d"}));
    expect_mentions(message("1\t2\ta\n3\tb\n"), {"line 2", "2 fields", "3"});
}

TEST_F(CsvTables, refuses_numbers_in_other_notations) {
    for (const char* field : {"1,5", "1,234", "1,234.5", "1.234,5", "0x1.8p3", "1.5D+3", "12%",
                              "$1,200", "1'000", "1_000", "3:0.5"}) {
        const std::string quoted = "\"" + std::string(field) + "\"";
        expect_mentions(message("x,y\n" + quoted + ",a\n2,b\n"), {"line 2", "column 1", field});
        expect_mentions(message("x,y\n2,a\n" + quoted + ",b\n"), {"line 3", "column 1", field});
    }
    expect_mentions(message("1,5;2,5;a\n2,5;3,5;b\n"), {"line 1", "column 1", "1,5"});
    // Words that only look a little like numbers are words.
    EXPECT_EQ(open("x,y\n4wd,a\n2-door,b\n").train->table().columns[0].words,
              (Words{"2-door", "4wd"}));
}

TEST_F(CsvTables, reads_quoted_fields_as_rfc_4180_has_them) {
    const DataParts parts =
        open("x,y\n1,\"say \"\"no\"\"\"\n2,\"two\nlines, and\r\nthree\"\n3,5\" pipe\n");
    EXPECT_EQ(parts.train->class_names(),
              (Words{"5\" pipe", "say \"no\"", "two\nlines, and\nthree"}));
    EXPECT_EQ(inputs(*parts.train, {2}), (Numbers{3}));
    EXPECT_EQ(inputs(*parts.train, {1}), (Numbers{2}));
    expect_mentions(message("x,y\n1,\"a\"b\n"), {"line 2", "quoted field"});
    expect_mentions(message("x,y\n1,\"a\nb\n3,c\n"), {"line 2", "not closed"});
    // Lines are counted as an editor does.
    expect_mentions(message("x,y\n1,\"a\nb\"\nz,c\n"), {"line 4", "column 1"});
}

TEST_F(CsvTables, keeps_class_names_as_they_are_written) {
    for (const Words& names :
         {Words{"1234567890123456788", "1234567890123456789", "1234567890123456790"},
          Words{"12e4", "120000", "7f3a"}, Words{"02139", "2139", "x"}, Words{"0x10", "16", "x"},
          Words{"+1", "1", "x"}, Words{"1.5", "1.50", "x"}}) {
        const DataParts parts = open("1," + names[0] + "\n2," + names[1] + "\n3," + names[2] +
                                     "\n1," + names[0] + "\n");
        Words sorted = names;
        std::ranges::sort(sorted);
        Words found = parts.train->class_names();
        std::ranges::sort(found);
        EXPECT_EQ(found, sorted);
    }
    const DataParts one = open("1,1\n2,1.0\n3,\"1\"\n4,2.00\n5,1.\n");
    EXPECT_EQ(one.train->class_names(), (Words{"1", "2"}));
    EXPECT_EQ(labels(*one.train), (Labels{0, 0, 0, 1, 0}));
    // The same rule for a test part.
    EXPECT_EQ(labels(*open("1,1\n2,2.0\n", "1,2\n2,1.0\n").test), (Labels{1, 0}));
    expect_mentions(message("1,1\n2,2\n", "1,01\n"), {"\"01\""});
}

TEST_F(CsvTables, sorts_names_of_more_digits_than_a_double_has) {
    EXPECT_EQ(open("1,1234567890123456790\n2,1234567890123456789\n3,5\n").train->class_names(),
              (Words{"5", "1234567890123456789", "1234567890123456790"}));
}

TEST_F(CsvTables, believes_what_is_said_of_a_header) {
    const std::string text = "2019,2020,7\n1,2,0\n3,4,1\n";
    EXPECT_EQ(open(text).train->samples(), 3);
    config_.header = TableHeader::present;
    EXPECT_EQ(open(text).train->samples(), 2);
    EXPECT_EQ(open(text).train->table().columns[1].name, "2020");
    config_.target = "2019";
    EXPECT_EQ(inputs(*open(text).train), (Numbers{2, 0, 4, 1}));
    config_.target = "";
    config_.header = TableHeader::absent;
    EXPECT_EQ(open("a,x\nb,y\na,x\n").train->samples(), 3);
    // Without a header a number is a place, whatever the first line holds.
    config_.header = TableHeader::automatic;
    config_.target = "3";
    EXPECT_EQ(open("3,2,a\n5,6,b\n").train->class_names(), (Words{"a", "b"}));
}

TEST_F(CsvTables, asks_where_the_first_line_may_be_either) {
    expect_mentions(message("400,410,type\n1.5,0.3,a\n2.5,0.7,b\n0.1,0.2,a\n0.7,0.1,b\n"),
                    {"line 1", "data.header = true"});
    expect_mentions(message("0,1,2,3\n.5,.25,.5,.1\n.3,.1,.7,.2\n.6,.1,.2,.3\n"),
                    {"line 1", "data.header = true"});
    use_.task = Task::values;
    expect_mentions(message("1100,1102,moisture\n.5,.25,.5\n"),
                    {"line 1", "column 3", "moisture", "data.header = true"});
    expect_mentions(message("moisture,1102,1104\n.5,.25,.5\n"),
                    {"line 2", "column 1", "moisture", "data.header = true"});
    use_.task = Task::classes;
    // All words, each of the first line among the others.
    expect_mentions(message("x,s,p\nx,n,e\ny,s,p\n"), {"line 1", "data.header = true"});
    EXPECT_EQ(open("kind,size,y\nx,n,e\ny,s,p\n").train->samples(), 2);
}

TEST_F(CsvTables, makes_one_input_of_each_word) {
    const DataParts parts = open("size,color,big,y\n1,red,True,a\n2,blue,False,b\n3,red,True,a\n",
                                 "color,size,big,y\nred,5,False,a\n");
    Dataset& data = *parts.train;
    EXPECT_EQ(data.features(), 5);
    EXPECT_EQ(data.table().columns[1].words, (Words{"blue", "red"}));
    EXPECT_EQ(data.table().columns[2].words, (Words{"False", "True"}));
    EXPECT_EQ(inputs(data), (Numbers{1, 0, 1, 0, 1, 2, 1, 0, 1, 0, 3, 0, 1, 0, 1}));
    EXPECT_EQ(inputs(*parts.test), (Numbers{5, 0, 1, 1, 0}));
    EXPECT_EQ(to_text(data.table()), "1 columns of numbers, 2 words of color, 2 words of big");
    expect_mentions(message("c,y\nred,a\nblue,b\n", "c,y\ngreen,a\n"),
                    {"line 2", "column 1 (c)", "\"green\"", "train.csv"});
    expect_mentions(message("c,y\nred,a\n5,b\n"), {"line 3", "5 is a number", "red"});
    expect_mentions(message("c,y\n5,a\nred,b\n"), {"line 3", "\"red\" is not a number"});
    expect_mentions(message("c,y\nM\xFCnchen,a\nUlm,b\n"), {"line 2", "UTF-8"});
    std::string many = "c,y\n";
    for (int i = 0; i < 1001; ++i) {
        many += "w" + std::to_string(i) + "," + std::to_string(i % 2) + "\n";
    }
    expect_mentions(message(many), {"line 1002", "words", "data.ignore"});
}

TEST_F(CsvTables, replaces_missing_values_by_the_mean_of_the_training_part) {
    const std::string train = "x,c,y\n1,red,a\n?,blue,b\n5,NA,a\nNaN,red,b\n,red,a\n";
    expect_mentions(message(train), {"line 3", "column 1 (x)", "? is no value", "data.missing"});
    config_.missing = MissingValues::mean;
    const DataParts parts = open(train, "c,x,y\nnull,N/A,a\ngreen,2,b\n");
    EXPECT_EQ(inputs(*parts.train), (Numbers{1, 0, 1, 3, 1, 0, 5, 0.25, 0.75, 3, 0, 1, 3, 0, 1}));
    EXPECT_EQ(inputs(*parts.test), (Numbers{3, 0.25, 0.75, 2, 0.25, 0.75}));
    expect_mentions(message("x,y\n1,a\n2,?\n"), {"line 3", "no class", "drop"});
    expect_mentions(message("x,z,y\n1,,a\n2,,b\n"), {"column 2 (z)", "every value is missing"});
}

TEST_F(CsvTables, drops_samples_that_lack_a_value) {
    config_.missing = MissingValues::dropped;
    const DataParts parts = open("x,c,y\n1,red,a\n?,blue,b\n5,red,?\n7,red,b\n");
    EXPECT_EQ(inputs(*parts.train), (Numbers{1, 1, 7, 1}));
    EXPECT_EQ(parts.train->table().columns[1].words, (Words{"red"}));
    EXPECT_EQ(labels(*parts.train), (Labels{0, 1}));
    EXPECT_EQ(parts.train->dropped(), 2);
    expect_mentions(parts.train->remarks().front(), {"2 of 4 samples"});
    expect_mentions(message("x,y\n?,a\n?,b\n"), {"no samples", "lacks a value"});
}

TEST_F(CsvTables, finds_the_inputs_of_a_model_by_name) {
    const std::string train = "a,b,y\n1,2,u\n3,4,v\n";
    const auto reordered = open_for_model(train, "y,b,a\nv,2,1\n");
    EXPECT_EQ(inputs(*reordered), (Numbers{1, 2}));
    EXPECT_EQ(labels(*reordered), (Labels{1}));
    EXPECT_FALSE(open_for_model(train, "b,a\n2,1\n")->labeled());
    EXPECT_EQ(inputs(*open_for_model(train, "b,a\n2,1\n")), (Numbers{1, 2}));
    // Without a header by place, with or without the target.
    EXPECT_EQ(inputs(*open_for_model(train, "1,2\n")), (Numbers{1, 2}));
    EXPECT_EQ(labels(*open_for_model(train, "1,2,v\n")), (Labels{1}));
    const auto refusal = [&](const std::string& other) {
        return message_of<DataError>([&] { open_for_model(train, other); });
    };
    expect_mentions(refusal("a,c,y\n1,2,u\n"), {"the model", "lacks b", "has also c"});
    expect_mentions(refusal("a,b,c,y\n1,2,3,u\n"), {"has also c", "data.ignore"});
    expect_mentions(refusal("a,y\n1,u\n"), {"lacks b"});
    expect_mentions(refusal("a,b,a,y\n1,2,3,u\n"), {"columns 1 and 3", "name a"});
    expect_mentions(refusal("1,2,3,u\n"), {"different inputs", "3 are inputs", "has 2"});
    config_.target = "1";
    EXPECT_EQ(labels(*open_for_model("y,a,b\nu,1,2\nv,3,4\n", "a,b,y\n1,2,v\n")), (Labels{1}));
    EXPECT_FALSE(open_for_model("y,a,b\nu,1,2\nv,3,4\n", "a,b\n1,2\n")->labeled());
    config_.target = "";
    config_.ignore = {"1"};
    EXPECT_THROW(open_for_model("id,a,b,y\n7,1,2,u\n8,3,4,v\n", "a,b,id,y\n1,2,7,u\n"), UsageError);
    config_.ignore = {"id"};
    EXPECT_EQ(inputs(*open_for_model("id,a,b,y\n7,1,2,u\n8,3,4,v\n", "b,a,y\n2,1,u\n")),
              (Numbers{1, 2}));
    EXPECT_EQ(inputs(*open_for_model("id,a,b,y\n7,1,2,u\n8,3,4,v\n", "1,2,u\n")), (Numbers{1, 2}));
}

TEST_F(CsvTables, names_must_be_different) {
    expect_mentions(message("a,a,y\n1,2,u\n"), {"line 1", "columns 1 and 2", "name a"});
    config_.ignore = {"2"};
    EXPECT_EQ(inputs(*open("a,a,y\n1,2,u\n").train), (Numbers{1}));
    config_.ignore = {"a"};
    EXPECT_THROW(open("a,a,y\n1,2,u\n"), DataError);
}

TEST_F(CsvTables, names_comments_and_separators_at_the_ends_of_lines) {
    expect_mentions(message("# by a tool\na,b,y\n1,2,u\n"), {"line 1", "#"});
    expect_mentions(message("a,b,y,\n1,2,u,\n3,4,v,\n"), {"line 1", "column 4", "data.ignore = 4"});
    expect_mentions(message("1,2,u,\n3,4,v,\n"), {"line 1", "column 4", "data.ignore = 4"});
    config_.ignore = {"4"};
    EXPECT_EQ(open("a,b,y,\n1,2,u,\n3,4,v,\n").train->class_names(), (Words{"u", "v"}));
}

TEST_F(CsvTables, refuses_what_a_number_of_the_precision_cannot_hold) {
    use_.largest = std::numeric_limits<float>::max();
    expect_mentions(message("1,a\n1e39,b\n"), {"line 2", "column 1", "1e39", "float"});
    use_.task = Task::values;
    expect_mentions(message("1,2\n1,-1e39\n"), {"line 2", "column 2", "-1e39", "float"});
    use_.largest = std::numeric_limits<double>::max();
    EXPECT_EQ(inputs(*open("1e39,1\n1e-400,2\n-1e-310,2\n").train), (Numbers{1e39, 0, -1e-310}));
    expect_mentions(message("1,2\n1e999,2\n"), {"line 2", "column 1", "not a finite number"});
}

TEST_F(CsvTables, reads_gzip_whatever_its_name) {
    std::string text = "x,y\n";
    for (int i = 0; i < 200000; ++i) {
        text += std::to_string(i) + "," + std::to_string(i % 3) + "\n";
    }
    const std::string path = (folder_ / "train.csv").string();
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    const DataParts parts = open_dataset(config_, {});
    EXPECT_EQ(parts.train->samples(), 200000);
    EXPECT_EQ(inputs(*parts.train, {0, 199999}), (Numbers{0, 199999}));
    EXPECT_EQ(inputs(*parts.train, {17}), (Numbers{17}));
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 100);
    expect_mentions(message_of<DataError>([&] { open_dataset(config_, {}); }),
                    {"train.csv", "truncated"});
}

TEST_F(CsvTables, refuses_utf_16) {
    expect_mentions(message(std::string_view("\xFF\xFE"
                                             "1\0,\0a\0\n\0",
                                             10)),
                    {"UTF-16", "UTF-8"});
    expect_mentions(message(std::string_view("1\0,\0a\0\n\0", 8)), {"not text"});
}

TEST_F(CsvTables, warns_of_words_that_hardly_come_again) {
    std::string table = "day,a,y\n";
    for (int day = 10; day < 30; ++day) {
        table += "2020-01-" + std::to_string(day) + ",1.5," + std::to_string(day % 2) + "\n";
    }
    put("train.csv", table);
    const std::vector<std::string> remarks = open_dataset(config_, {}).train->remarks();
    ASSERT_EQ(remarks.size(), 1U);
    expect_mentions(remarks.front(),
                    {"column 1 (day)", "20 different words", "20 samples", "data.ignore = 1"});
    config_.ignore = {"1"};
    EXPECT_TRUE(open_dataset(config_, {}).train->remarks().empty());
}

TEST_F(CsvTables, warns_of_columns_that_count_the_samples) {
    const auto remarks = [&](std::string_view text) { return open(text).train->remarks(); };
    ASSERT_EQ(remarks(",x,y\n0,5,u\n1,7,v\n2,6,u\n").size(), 1U);
    expect_mentions(remarks(",x,y\n0,5,u\n1,7,v\n2,6,u\n").front(),
                    {"column 1", "data.ignore = 1"});
    EXPECT_EQ(remarks("1,.5,u\n2,.7,v\n3,.6,u\n").size(), 1U);
    EXPECT_TRUE(remarks(",x,y\n0,5,u\n1,7,v\n3,6,u\n").empty());
    EXPECT_TRUE(remarks("t,x,y\n0,5,u\n1,7,v\n2,6,u\n").empty());
}

}  // namespace
}  // namespace hoist
