#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hoist/base/shape.hpp"
#include "hoist/base/types.hpp"
#include "hoist/data/input_lift.hpp"
#include "hoist/data/samples_in_memory.hpp"
#include "hoist/data/table_columns.hpp"

namespace hoist {

/// What is to be predicted of a sample: one of several classes, real values, or the picture that it is, whatever else
/// the data know of it.
enum class Task { classes, values, pictures };

/// The samples of one part (training or test) of a data set, read where and when they are needed:
/// opening one reads headers and names, never all inputs. Every process opens its own.
class Dataset {
  public:
    virtual ~Dataset() = default;

    virtual Index samples() const = 0;
    /// Numbers per input; 0 of pictures that differ in size.
    virtual Index features() const = 0;
    /// Whether there is something to predict in it.
    virtual bool labeled() const = 0;
    /// Task::classes: how many there are, 0 where the format does not say. Task::values: values per
    /// sample.
    virtual Index outputs() const = 0;
    /// One name per class, or none where the data have no names.
    virtual std::vector<std::string> class_names() const { return {}; }
    /// Rows and columns of an input that is a gray image; {0, 0} where it is not.
    virtual std::pair<Index, Index> image_size() const { return {0, 0}; }
    /// The sizes of a sample as it is stored, those of 1 left out: several only where it is an image
    /// or the like.
    virtual std::vector<Index> sample_shape() const { return {}; }
    /// That of a sample; one place where it is no image, as far as is known.
    virtual Shape picture(Index sample) const;
    /// What a sample is called, for people and files.
    virtual std::string name(Index sample) const { return std::to_string(sample); }
    /// What the inputs are in a table; none in other data.
    virtual TableColumns table() const { return {}; }
    /// Samples of the file that were left out because a value is missing.
    virtual Index dropped() const { return 0; }
    /// What the inputs are stored as and how they are taken, for people; empty where there is
    /// nothing to say.
    virtual std::string storage() const { return ""; }
    /// What is odd about the data and no error: sentences to warn with.
    virtual std::vector<std::string> remarks() const { return {}; }

    /// Writes the inputs of `samples` (ascending, each within range) to `columns`, features()
    /// numbers per sample; where these differ, of one sample. Reading forward in ascending calls is cheap; going back may start over.
    /// @throws DataError for a malformed or truncated file or a value that is not finite, naming
    /// the sample.
    virtual void read_inputs(std::span<const Index> samples, std::span<double> columns) = 0;

    /// Writes the classes of `samples`, numbered from 0. @pre labeled, Task::classes. @throws
    /// DataError.
    virtual void read_labels(std::span<const Index> samples, std::span<Index> labels) = 0;

    /// Writes the targets of `samples`, outputs() numbers per sample. @pre labeled, Task::values.
    /// @throws DataError.
    virtual void read_values(std::span<const Index> samples, std::span<double> columns) = 0;
};

/// Whether the first line of a table names its columns; `automatic`: if no field but the target's
/// is a number.
enum class TableHeader { automatic, present, absent };

/// What becomes of a sample with a missing value: an error, the mean of the training part in its
/// place, or nothing at all.
enum class MissingValues { refused, mean, dropped };

/// Which data, as in the [data] section of a configuration.
struct DataConfig {
    std::string format = "glyphs";
    /// The folder of the files.
    std::string path;
    /// File names in `path`, or absolute ones (csv, hdf5, numpy), or the names of sets (idx).
    /// Empty: none, but for idx and numpy, which know the usual names.
    std::string train;
    std::string test;
    /// The array that holds the inputs (hdf5, numpy). Empty: the one with a usual name.
    std::string inputs;
    /// The target's column (its name, or its number from 1; csv) or array (hdf5, numpy). Empty: the
    /// last column, or the array with a usual name.
    std::string target;
    /// Columns of a csv file to leave out, by name or number from 1.
    std::vector<std::string> ignore;
    /// Whether pictures are taken as their luminance alone (cifar10, images).
    bool gray = false;
    TableHeader header = TableHeader::automatic;
    MissingValues missing = MissingValues::refused;
    /// What the inputs become before anyone sees them.
    InputLift lift = {};
    /// glyphs: how many samples to draw for training, the seed of all, and how many for the test.
    Index samples = 12000;
    Index test_samples = 2000;
    std::uint64_t seed = 1;
    /// memory: the samples, which outlive what is opened.
    const DataInMemory* memory = nullptr;

    bool operator==(const DataConfig&) const = default;
};

/// What the opener is told about the network that will read the data.
struct DataUse {
    Task task = Task::classes;
    /// How many inputs a sample has before it is lifted, 0 where that is not known: a csv file with exactly so
    /// many columns has no target, one with one more has.
    Index features = 0;
    /// The names that classes are numbered by, where they are already known (a trained model's); a
    /// name that is not among them is a DataError. Empty: the distinct names of the training part,
    /// sorted (as numbers if all are).
    /// A model whose classes have no names knows them as "0", "1", ...
    std::vector<std::string> class_names = {};
    /// The columns that a table is to have, where they are already known: found by name, or by
    /// place where it or they have no names. Empty: those of the training part.
    TableColumns table = {};
    /// How the samples are laid out, where that is already known; data of which it is not known may
    /// be laid out so.
    std::vector<Index> sample_shape = {};
    /// The largest magnitude that an input or a value may have.
    double largest = std::numeric_limits<double>::max();
    /// How many channels its pictures have, 0 where that is not known.
    Index channels = 0;
};

/// The parts of a data set; either may be absent.
struct DataParts {
    std::unique_ptr<Dataset> train;
    std::unique_ptr<Dataset> test;
};

/// Opens what `config` names. The test part numbers its classes as the training part does.
/// @throws UsageError (unknown format, with the nearest; a target column that is not there),
/// MissingError (no such file), DataError (not such a file, counts that differ, no samples).
DataParts open_dataset(const DataConfig& config, const DataUse& use);

/// The names `format` may have.
std::vector<std::string> data_formats();

}  // namespace hoist
