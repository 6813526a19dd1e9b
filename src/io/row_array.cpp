#include "hoist/io/row_array.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

class StoredArray : public RowArray {
  public:
    StoredArray(const std::string& shown, std::unique_ptr<ByteStream> bytes, ArrayStorage storage)
        : RowArray(shown, storage.shape, storage.type.kind, storage.type.name()),
          bytes_(std::move(bytes)),
          storage_(std::move(storage)),
          element_(static_cast<Index>(storage_.type.size)) {
        check_size();
    }

    void read_rows(Index first, std::span<double> row_major) override {
        const Index count = std::ssize(row_major) / row_size();
        require(kind() != ElementKind::text && count * row_size() == std::ssize(row_major) &&
                    first >= 0 && count <= rows() - first,
                "the rows are numbers within range");
        if (storage_.first_fastest && storage_.shape.size() > 1) {
            if (place_.empty()) {
                place_ = row_major_places();
            }
            gather(first, row_major);
            return;
        }
        Index at = first * row_size();
        while (!row_major.empty()) {
            const auto piece = row_major.first(std::min(row_major.size(), piece_elements()));
            buffer_.resize(piece.size() * storage_.type.size);
            read(at, buffer_, at / row_size());
            storage_.type.to_numbers(buffer_.data(), piece);
            at += std::ssize(piece);
            row_major = row_major.subspan(piece.size());
        }
    }

    std::vector<std::string> read_texts() override {
        require(kind() == ElementKind::text, "the elements are texts");
        const Index count = rows() * row_size();
        std::vector<std::string> texts;
        // The sizes are the header's word only: memory grows with what is really there.
        for (Index at = 0; at < count;) {
            const Index piece = std::min(count - at, static_cast<Index>(piece_elements()));
            buffer_.resize(static_cast<std::size_t>(piece * element_));
            read(at, buffer_, at);
            for (const char* element = buffer_.data(); element < buffer_.data() + buffer_.size();
                 element += element_, ++at) {
                const auto text = storage_.type.to_text(element);
                if (!text) {
                    refuse("element " + std::to_string(at) + " is no text in UTF-8 or UTF-32",
                           "save it as UTF-8");
                }
                texts.push_back(*text);
            }
        }
        return texts;
    }

  private:
    static constexpr std::size_t piece_bytes = std::size_t{1} << 20;
    static constexpr Index window_bytes = Index{1} << 26;

    std::size_t piece_elements() const {
        return std::max<std::size_t>(piece_bytes / storage_.type.size, 1);
    }

    void check_size() const {
        Index room = bytes_->most_bytes() - storage_.offset;
        Index needed = element_;
        for (const Index size : storage_.shape) {
            if (size == 0) {
                throw DataError(shown() + " is empty", "it is " + form(), "name data with samples");
            }
            if (__builtin_mul_overflow(needed, size, &needed)) {
                room = 0;
                break;
            }
        }
        if (room < needed || room <= 0) {
            throw DataError(shown() + " is truncated",
                            "its bytes are too few for the " + form() + " of its header",
                            "get the file again");
        }
        if (bytes_->size_is_known() && room != needed) {
            throw DataError(shown() + " is damaged",
                            "it has " + std::to_string(bytes_->most_bytes()) +
                                " bytes in the place of " +
                                std::to_string(storage_.offset + needed),
                            "get the file again");
        }
    }

    /// Fills `bytes` from the element `at` on, which is of the row `row`.
    void read(Index at, std::span<char> bytes, Index row) {
        bytes_->read(storage_.offset + at * element_, bytes,
                     "the end of sample " + std::to_string(row));
        if (at * element_ + std::ssize(bytes) == rows() * row_size() * element_) {
            bytes_->expect_end();
        }
    }

    /// Where in a row the elements belong whose first dimension varies fastest.
    std::vector<Index> row_major_places() const {
        std::vector<Index> places(static_cast<std::size_t>(row_size()));
        std::vector<Index> strides(storage_.shape.size() - 1, 1);
        for (std::size_t d = strides.size() - 1; d > 0; --d) {
            strides[d - 1] = strides[d] * storage_.shape[d + 1];
        }
        std::vector<Index> position(strides.size(), 0);
        for (Index& place : places) {
            place = 0;
            for (std::size_t d = 0; d < strides.size(); ++d) {
                place += position[d] * strides[d];
            }
            for (std::size_t d = 0; d < strides.size() && ++position[d] == storage_.shape[d + 1];
                 ++d) {
                position[d] = 0;
            }
        }
        return places;
    }

    void gather(Index first, std::span<double> row_major) {
        for (auto row = row_major.begin(); row != row_major.end(); ++first) {
            if (first < window_first_ || first >= window_first_ + window_rows_) {
                fill_window(first);
            }
            const Index within = first - window_first_;
            for (std::size_t k = 0; k < place_.size(); ++k) {
                double number = 0.0;
                storage_.type.to_numbers(
                    window_.data() + (static_cast<Index>(k) * window_rows_ + within) * element_,
                    std::span(&number, 1));
                row[place_[k]] = number;
            }
            row += row_size();
        }
    }

    /// Reads the rows from `first` on that a window has room for.
    void fill_window(Index first) {
        const Index most = std::max<Index>(window_bytes / (row_size() * element_), 1);
        window_first_ = first;
        window_rows_ = std::min(most, rows() - first);
        window_.resize(static_cast<std::size_t>(window_rows_ * row_size() * element_));
        const auto run = static_cast<std::size_t>(window_rows_ * element_);
        for (Index k = 0; k < row_size(); ++k) {
            read(k * rows() + first,
                 std::span(window_).subspan(static_cast<std::size_t>(k) * run, run), first);
        }
    }

    std::unique_ptr<ByteStream> bytes_;
    ArrayStorage storage_;
    Index element_;
    std::vector<char> buffer_;
    std::vector<Index> place_;
    std::vector<char> window_;
    Index window_first_ = 0;
    Index window_rows_ = 0;
};

}  // namespace

RowArray::RowArray(std::string shown, std::vector<Index> shape, ElementKind kind, std::string type)
    : shown_(std::move(shown)), shape_(std::move(shape)), kind_(kind), type_(std::move(type)) {
    Index elements = static_cast<Index>(sizeof(double));
    for (const Index size : shape_) {
        if (size < 0 || (size > 0 && __builtin_mul_overflow(elements, size, &elements))) {
            refuse("its sizes make no sense", "get the file again");
        }
    }
}

Index RowArray::row_size() const {
    Index size = 1;
    for (std::size_t d = 1; d < shape_.size(); ++d) {
        size *= shape_[d];
    }
    return size;
}

std::string RowArray::form() const {
    std::string text;
    for (const Index size : shape_) {
        text += (text.empty() ? "" : " x ") + std::to_string(size);
    }
    return (shape_.empty() ? "a single" : text) + " " + type_;
}

void RowArray::refuse(const std::string& why, const std::string& advice) const {
    throw DataError("cannot read " + shown_, why, advice);
}

std::unique_ptr<RowArray> stored_array(const std::string& shown, std::unique_ptr<ByteStream> bytes,
                                       ArrayStorage storage) {
    return std::make_unique<StoredArray>(shown, std::move(bytes), std::move(storage));
}

}  // namespace hoist
