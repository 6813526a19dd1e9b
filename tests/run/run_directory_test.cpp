#include "hoist/run/run_directory.hpp"

#include <gtest/gtest.h>

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
    run.start_metrics(0, false);
    run.add_metrics(row(1), false, first);
    std::filesystem::rename(run.path(), folder.path() / "elsewhere");

    const DirectoryLock second(run.path());
    run.start_metrics(0, false);
    run.add_metrics(row(1), false, second);
    run.add_log("a line of the second", second);
    const std::string rows = read_whole_file(run.metrics());
    const std::string lines = read_whole_file(run.log());

    EXPECT_THROW(run.add_metrics(row(2), false, first), OutputError);
    EXPECT_THROW(run.add_log("a line of the first", first), OutputError);
    EXPECT_EQ(read_whole_file(run.metrics()), rows);
    EXPECT_EQ(read_whole_file(run.log()), lines);
}

}  // namespace
}  // namespace hoist
