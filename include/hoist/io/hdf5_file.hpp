#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hoist/base/types.hpp"
#include "hoist/io/element_type.hpp"

namespace hoist {

/// Writes one HDF5 file so that it exists whole or not at all: everything goes to a temporary name
/// beside `path`; commit() closes it, puts a checksum over the whole file into its user block,
/// flushes it to the disk and renames it. Without commit() the destructor removes the temporary.
/// Paths inside the file are absolute ("/layers/0/weights"); missing groups on the way are made.
/// Attributes attach to a group or data set that exists ("/" is the root).
class Hdf5Writer {
  public:
    /// @param expected_bytes reserved on the disk at once where the file system can, so that a full
    /// disk is noticed here.
    /// @throws OutputError (also from every other member): no such folder, permission, disk full.
    explicit Hdf5Writer(std::filesystem::path path, Index expected_bytes = 0);
    ~Hdf5Writer();
    Hdf5Writer(const Hdf5Writer&) = delete;
    Hdf5Writer& operator=(const Hdf5Writer&) = delete;

    /// A rows x columns data set whose elements are given in row-major order.
    template <typename Number>
    void write(const std::string& name, Index rows, Index columns,
               std::span<const Number> row_major);
    /// A one-dimensional data set.
    template <typename Number>
    void write(const std::string& name, std::span<const Number> values);
    void write(const std::string& name, const std::vector<std::string>& values);

    /// Makes a rows x columns data set without contents, stored in chunks of rows x chunk_columns,
    /// or row after row where chunk_columns is 0.
    template <typename Number>
    void create(const std::string& name, Index rows, Index columns, Index chunk_columns);
    /// Writes columns [first, first + n) of a data set made by create(), from column-major storage
    /// (one sample after another): `column_major` holds rows * n numbers.
    template <typename Number>
    void write_columns(const std::string& name, Index first, Index rows,
                       std::span<const Number> column_major);

    /// Writes rows [first, first + n) of a data set made by create(): `row_major` holds n * columns
    /// numbers.
    template <typename Number>
    void write_rows(const std::string& name, Index first, Index columns,
                    std::span<const Number> row_major);

    void attribute(const std::string& object, const std::string& name, const std::string& value);
    void attribute(const std::string& object, const std::string& name, double value);
    void attribute(const std::string& object, const std::string& name, Index value);

    /// Makes the file appear under its name.
    void commit();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Reads an HDF5 file. Files that hoist wrote carry a checksum, which is verified before the HDF5
/// library sees them.
class Hdf5Reader {
  public:
    /// trusted: not verified here, because another process already has.
    enum class Checksum { required, if_present, trusted };

    /// @throws MissingError (not there, unreadable), DataError (also from every other member: not
    /// HDF5, damaged, without a checksum that is required, an object that is not there or has
    /// another type or shape).
    Hdf5Reader(const std::filesystem::path& path, Checksum checksum);
    ~Hdf5Reader();
    Hdf5Reader(const Hdf5Reader&) = delete;
    Hdf5Reader& operator=(const Hdf5Reader&) = delete;

    bool has(const std::string& object) const;
    bool has_attribute(const std::string& object, const std::string& name) const;
    /// The names of the members of a group, sorted; numbers by value.
    std::vector<std::string> members(const std::string& group) const;

    /// The paths of all data sets, without the leading "/". Links to places in this file are
    /// followed, each group once; others are not.
    std::vector<std::string> data_sets() const;
    /// Why there is no data set `name` in this file: what is there in its place.
    std::string why_no_data_set(const std::string& name) const;

    std::vector<Index> dimensions(const std::string& name) const;
    /// Rows and columns: a one-dimensional data set has one column; of more than two dimensions,
    /// all but the first are columns, the last varying fastest.
    std::array<Index, 2> shape(const std::string& name) const;
    bool holds_text(const std::string& name) const;
    ElementType element_type(const std::string& name) const;

    /// The whole data set in row-major order, converted to Number by the HDF5 library.
    template <typename Number>
    std::vector<Number> read(const std::string& name) const;
    std::vector<std::string> read_text(const std::string& name) const;
    /// Rows [first, first + n) of a data set, row-major: `row_major` holds n * columns numbers.
    template <typename Number>
    void read_rows(const std::string& name, Index first, std::span<Number> row_major) const;
    /// Columns [first, first + n) of a data set, column-major: `column_major` holds rows * n
    /// numbers.
    template <typename Number>
    void read_columns(const std::string& name, Index first, std::span<Number> column_major) const;

    std::string text_attribute(const std::string& object, const std::string& name) const;
    Index whole_number_attribute(const std::string& object, const std::string& name) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hoist
