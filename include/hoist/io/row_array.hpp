#pragma once

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hoist/io/byte_stream.hpp"
#include "hoist/io/element_type.hpp"

namespace hoist {

/// An array in a file, whose rows - along its first dimension - are read where they are needed.
class RowArray {
  public:
    virtual ~RowArray() = default;

    /// For messages: `x_train in mnist.npz`.
    const std::string& shown() const { return shown_; }
    /// None for a single number.
    const std::vector<Index>& shape() const { return shape_; }
    ElementKind kind() const { return kind_; }
    /// `60000 x 28 x 28 uint8`.
    std::string form() const;
    /// The size of the first dimension, and the product of the others; 1 where there is none.
    Index rows() const { return shape_.empty() ? 1 : shape_.front(); }
    Index row_size() const;

    /// Rows first, first + 1, ..., the last dimension varying fastest, as many as there is room
    /// for. @pre numbers; rows within range. @throws DataError where the file is not what it says.
    virtual void read_rows(Index first, std::span<double> row_major) = 0;
    /// All elements. @pre texts. @throws DataError, also where one is not UTF-8.
    virtual std::vector<std::string> read_texts() = 0;

  protected:
    /// @throws DataError where the sizes have a product that is no size.
    RowArray(std::string shown, std::vector<Index> shape, ElementKind kind, std::string type);

    /// @throws DataError.
    [[noreturn]] void refuse(const std::string& why, const std::string& advice) const;

  private:
    std::string shown_;
    std::vector<Index> shape_;
    ElementKind kind_;
    std::string type_;
};

/// What lies between the bytes of a file and an array.
struct ArrayStorage {
    /// Where the elements begin.
    Index offset = 0;
    ElementType type;
    std::vector<Index> shape;
    /// The first dimension varies fastest, not the last.
    bool first_fastest = false;
};

/// An array whose elements lie one after another in a stream. What is to be read at once where the
/// first dimension varies fastest is held, up to 64 MiB: rows are gathered from the whole array.
/// @throws DataError unless as many bytes as the sizes promise are there (or can be, where it is
/// compressed), or for a size of 0.
std::unique_ptr<RowArray> stored_array(const std::string& shown, std::unique_ptr<ByteStream> bytes,
                                       ArrayStorage storage);

/// Reads what an NPY file says before its elements. @param shown for messages.
/// @throws DataError: not such a file, damaged, of objects (pickled) or a type that is neither a
/// number nor a text.
ArrayStorage read_npy_storage(ByteStream& bytes, const std::string& shown);

}  // namespace hoist
