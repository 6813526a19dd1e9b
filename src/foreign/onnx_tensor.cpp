#include "onnx_tensor.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/whole_file.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

namespace {

using Tensor = onnx::TensorProto;

/// How the numbers of a type are stored.
struct Storage {
    std::size_t size;
    double (*number)(const char* bytes);
    bool whole = false;
};

template <typename Number>
double number_at(const char* bytes) {
    Number number;
    std::memcpy(&number, bytes, sizeof(Number));
    return static_cast<double>(number);
}

template <typename Number>
constexpr Storage storage_of() {
    return {sizeof(Number), number_at<Number>, std::is_integral_v<Number>};
}

std::optional<Storage> storage_of(std::int32_t type) {
    switch (type) {
        case Tensor::FLOAT:
            return storage_of<float>();
        case Tensor::DOUBLE:
            return storage_of<double>();
        case Tensor::FLOAT16:
            return storage_of<Eigen::half>();
        case Tensor::BFLOAT16:
            return storage_of<Eigen::bfloat16>();
        case Tensor::BOOL:
        case Tensor::UINT8:
            return storage_of<std::uint8_t>();
        case Tensor::INT8:
            return storage_of<std::int8_t>();
        case Tensor::UINT16:
            return storage_of<std::uint16_t>();
        case Tensor::INT16:
            return storage_of<std::int16_t>();
        case Tensor::UINT32:
            return storage_of<std::uint32_t>();
        case Tensor::INT32:
            return storage_of<std::int32_t>();
        case Tensor::UINT64:
            return storage_of<std::uint64_t>();
        case Tensor::INT64:
            return storage_of<std::int64_t>();
        default:
            return std::nullopt;
    }
}

std::vector<double> numbers_in(const std::string& bytes, const Storage& storage) {
    std::vector<double> values(bytes.size() / storage.size);
    const char* at = bytes.data();
    for (double& value : values) {
        value = storage.number(at);
        at += storage.size;
    }
    return values;
}

/// The numbers in the field of their type.
std::vector<double> field_numbers(const Tensor& tensor) {
    const auto all = [](const auto& field) {
        return std::vector<double>(field.begin(), field.end());
    };
    switch (tensor.data_type()) {
        case Tensor::FLOAT:
            return all(tensor.float_data());
        case Tensor::DOUBLE:
            return all(tensor.double_data());
        case Tensor::INT64:
            return all(tensor.int64_data());
        case Tensor::UINT32:
        case Tensor::UINT64:
            return all(tensor.uint64_data());
        case Tensor::FLOAT16:
        case Tensor::BFLOAT16: {  // their bits, each as a number
            std::string bytes;
            for (const std::int32_t bits : tensor.int32_data()) {
                const auto half = static_cast<std::uint16_t>(bits);
                bytes.append(reinterpret_cast<const char*>(&half), sizeof(half));
            }
            return numbers_in(bytes, *storage_of(tensor.data_type()));
        }
        default:
            return all(tensor.int32_data());
    }
}

std::string type_name(std::int32_t type) {
    const auto known = static_cast<Tensor::DataType>(type);
    return Tensor::DataType_IsValid(known) ? Tensor::DataType_Name(known) : std::to_string(type);
}

/// An entry of external data, or nothing.
std::optional<std::string> entry_of(const Tensor& tensor, const std::string& key) {
    for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
        if (entry.key() == key) {
            return entry.value();
        }
    }
    return std::nullopt;
}

bool is_inside(const std::filesystem::path& file, const std::filesystem::path& folder) {
    const std::filesystem::path relative = file.lexically_relative(folder);
    return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

std::string OnnxTensorReader::problem_with(const Tensor& tensor) const {
    return "cannot read the tensor " + tensor.name() + " of " + model_.string();
}

OnnxConstant OnnxTensorReader::operator()(const Tensor& tensor) const {
    const std::string problem = problem_with(tensor);
    const auto storage = storage_of(tensor.data_type());
    if (!storage) {
        throw DataError(problem, "it has the type " + type_name(tensor.data_type()),
                        "convert the model to float");
    }
    OnnxConstant constant;
    constant.full = tensor.data_type() == Tensor::DOUBLE;
    constant.whole = storage->whole;
    std::size_t count = 1;
    bool fits = true;
    for (const std::int64_t n : tensor.dims()) {
        constant.shape.push_back(n);
        fits =
            fits && n >= 0 && !__builtin_mul_overflow(count, static_cast<std::size_t>(n), &count);
    }
    std::size_t size = 0;
    fits = fits && !__builtin_mul_overflow(count, storage->size, &size);
    if (fits && tensor.data_location() == Tensor::EXTERNAL) {
        constant.values = numbers_in(external_bytes(tensor, size), *storage);
        return constant;
    }
    if (tensor.has_raw_data()) {
        fits = fits && tensor.raw_data().size() == size;
        constant.values = numbers_in(tensor.raw_data(), *storage);
    } else {
        constant.values = field_numbers(tensor);
    }
    if (!fits || count != constant.values.size()) {
        throw DataError(
            problem,
            "its shape does not fit its " + std::to_string(constant.values.size()) + " numbers",
            "export the model again");
    }
    return constant;
}

std::string OnnxTensorReader::external_bytes(const Tensor& tensor, std::size_t size) const {
    const std::string problem = problem_with(tensor);
    const auto number = [&](const char* key, std::uint64_t otherwise) {
        const auto text = entry_of(tensor, key);
        const auto value = text ? to_whole_number(*text) : std::optional<Index>(otherwise);
        if (!value || *value < 0) {
            throw DataError(problem, std::string("its external data have the ") + key + " " + *text,
                            "export the model again");
        }
        return static_cast<std::uint64_t>(*value);
    };
    const std::filesystem::path path =
        file_beside(entry_of(tensor, "location").value_or(""), problem);
    const std::uint64_t offset = number("offset", 0);
    if (number("length", size) != size) {
        throw DataError(problem,
                        "its shape takes " + std::to_string(size) + " bytes of " + path.string() +
                            ", and it claims " + *entry_of(tensor, "length"),
                        "export the model again");
    }
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        throw MissingError(problem, "its numbers are in " + path.string() + ", which is not there",
                           "copy both files, or save the model as one");
    }
    refuse_other_than_file(path);
    const std::uint64_t there = std::filesystem::file_size(path, error);
    if (error || offset > there || there - offset < size) {
        throw DataError(problem,
                        "it takes " + std::to_string(size) + " bytes from " +
                            std::to_string(offset) + " on, and " + path.string() + " has " +
                            std::to_string(there),
                        "copy both files of the same export again");
    }
    return read_file_part(path, offset, size);
}

std::uint64_t OnnxTensorReader::bytes_beside(const onnx::GraphProto& graph) const {
    std::set<std::filesystem::path> files;
    for (const Tensor& tensor : graph.initializer()) {
        if (tensor.data_location() == Tensor::EXTERNAL) {
            files.insert(
                file_beside(entry_of(tensor, "location").value_or(""), problem_with(tensor)));
        }
    }
    std::uint64_t bytes = 0;
    for (const std::filesystem::path& file : files) {
        std::error_code error;
        const std::uint64_t size = std::filesystem::file_size(file, error);
        bytes += error ? 0 : size;  // the error comes with the tensor
    }
    return bytes;
}

std::filesystem::path OnnxTensorReader::file_beside(const std::string& location,
                                                    const std::string& problem) const {
    const std::filesystem::path given(location);
    const std::filesystem::path folder = model_.has_parent_path() ? model_.parent_path() : ".";
    const std::filesystem::path path = folder / given;
    const auto refuse = [&] {
        throw DataError(problem,
                        "its numbers are at " + (location.empty() ? "no place" : location) +
                            ", not in the folder of the model",
                        "put the data beside the model, and export it again");
    };
    if (location.empty() || location.find('\0') != std::string::npos || given.is_absolute() ||
        !is_inside(given.lexically_normal(), ".")) {
        refuse();
    }
    // Caches keep a model and its data as links to one other folder.
    std::error_code error;
    const auto real = [&](const std::filesystem::path& name) {
        return std::filesystem::weakly_canonical(name, error);
    };
    if (const auto file = real(path);
        error || (!is_inside(file, real(folder)) && !is_inside(file, real(model_).parent_path()))) {
        refuse();
    }
    return path;
}

}  // namespace hoist
