#include "hoist/run/run_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"
#include "support/own_folder.hpp"

namespace hoist {
namespace {

SweepRecord row(Index sweep) {
    SweepRecord record;
    record.sweep = sweep;
    return record;
}

TEST(RunDirectory, of_another_run_at_the_same_path_is_not_written) {
    const OwnFolder folder;
    const RunDirectory run(folder.path() / "run");
    const DirectoryLock first(run.path());
    run.start_metrics(0, Figure::accuracy);
    run.add_metrics(row(1), Figure::accuracy, first);
    std::filesystem::rename(run.path(), folder.path() / "elsewhere");

    const DirectoryLock second(run.path());
    run.start_metrics(0, Figure::accuracy);
    run.add_metrics(row(1), Figure::accuracy, second);
    run.add_log("a line of the second", second);
    const std::string rows = read_whole_file(run.metrics());
    const std::string lines = read_whole_file(run.log());

    EXPECT_THROW(run.add_metrics(row(2), Figure::accuracy, first), OutputError);
    EXPECT_THROW(run.add_log("a line of the first", first), OutputError);
    EXPECT_EQ(read_whole_file(run.metrics()), rows);
    EXPECT_EQ(read_whole_file(run.log()), lines);
}

TEST(RunDirectory, keeps_the_rows_of_an_older_version_that_wrote_fewer_columns) {
    const OwnFolder folder;
    const RunDirectory run(folder.path() / "run");
    const DirectoryLock owner(run.path());
    run.start_metrics(0, Figure::accuracy);
    const std::string header = read_whole_file(run.metrics());
    const auto columns = std::ranges::count(header, ',') + 1;
    write_whole_file(run.metrics(), header.substr(0, header.find(",residual")) +
                                        "\n1,,0.5,3,1,2,50,,60,1,1,1,1,10\n"
                                        "2,,0.6,3,1,2,50\n"  // torn
                                        "2,,0.7,3,1,2,50,,60,1,1,1,1,20\n");
    run.start_metrics(2, Figure::accuracy);
    EXPECT_EQ(read_whole_file(run.metrics()),
              header + "1,,0.5,3,1,2,50,,60,1,1,1,1,10" +
                  std::string(static_cast<std::size_t>(columns - 14), ',') +
                  "\n2,,0.7,3,1,2,50,,60,1,1,1,1,20" +
                  std::string(static_cast<std::size_t>(columns - 14), ',') + "\n");
    EXPECT_EQ(columns, 23);
}

}  // namespace
}  // namespace hoist
