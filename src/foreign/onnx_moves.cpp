#include "onnx_moves.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

namespace hoist::onnx_moves {

namespace {

/// The product of the sizes from `first` to before `last`; saturates.
Index product(const Sizes& shape, std::size_t first, std::size_t last) {
    Index result = 1;
    for (std::size_t i = first; i < last; ++i) {
        if (__builtin_mul_overflow(result, shape[i], &result)) {
            refuse("its result is too large", "export the model again");
        }
    }
    return result;
}

}  // namespace

Index count(const Sizes& shape) { return product(shape, 0, shape.size()); }

const OnnxConstant& need(const Inputs& inputs, std::size_t place) {
    if (inputs.size() <= place || inputs[place] == nullptr) {
        refuse("its input " + std::to_string(place) + " is missing", "export the model again");
    }
    return *inputs[place];
}

const OnnxConstant* find(const Inputs& inputs, std::size_t place) {
    return inputs.size() > place ? inputs[place] : nullptr;
}

OnnxConstant like(const OnnxConstant& source, Sizes shape) {
    return {std::move(shape), {}, source.full, source.whole};
}

namespace {

OnnxConstant with_shape(const OnnxConstant& source, Sizes shape) {
    if (count(shape) != std::ssize(source.values)) {
        refuse("its shape does not fit its numbers", "export the model again");
    }
    OnnxConstant result = source;
    result.shape = std::move(shape);
    return result;
}

/// Takes slabs along an axis: element i of the result's axis is element places[i] of the source's.
OnnxConstant pick(const OnnxConstant& source, std::size_t axis, const std::vector<Index>& places,
                  const Sizes& shape, const Spend& spend) {
    const Index outer = product(source.shape, 0, axis);
    const Index inner = product(source.shape, axis + 1, source.shape.size());
    spend(static_cast<std::size_t>(count(shape)));
    OnnxConstant result = like(source, shape);
    if (count(shape) == 0) {
        return result;
    }
    for (Index o = 0; o < outer; ++o) {
        for (const Index place : places) {
            const auto* from = source.values.data() + (o * source.shape[axis] + place) * inner;
            result.values.insert(result.values.end(), from, from + inner);
        }
    }
    return result;
}

}  // namespace

OnnxConstant transpose(const onnx::NodeProto& node, const OnnxConstant& source) {
    const std::size_t rank = source.shape.size();
    std::vector<Index> order;
    for (const double axis : numbers_attribute(node, "perm")) {
        order.push_back(axis_of(axis, rank));
    }
    if (order.empty()) {
        for (std::size_t i = rank; i > 0; --i) {
            order.push_back(static_cast<Index>(i) - 1);
        }
    }
    Sizes sorted = order;
    std::ranges::sort(sorted);
    if (order.size() != rank || std::ranges::adjacent_find(sorted) != sorted.end()) {
        refuse("its perm is no order of " + std::to_string(rank) + " axes",
               "export the model again");
    }
    OnnxConstant result = like(source, {});
    std::vector<Index> steps;  // from one element to the next along each axis of the result
    for (const Index axis : order) {
        result.shape.push_back(source.shape[static_cast<std::size_t>(axis)]);
        steps.push_back(product(source.shape, static_cast<std::size_t>(axis) + 1, rank));
    }
    result.values.reserve(source.values.size());
    std::vector<Index> at(rank, 0);
    Index place = 0;
    for (std::size_t done = 0; done < source.values.size(); ++done) {
        result.values.push_back(source.values[static_cast<std::size_t>(place)]);
        for (std::size_t axis = rank; axis-- > 0;) {
            place += steps[axis];
            if (++at[axis] < result.shape[axis]) {
                break;
            }
            place -= steps[axis] * at[axis];
            at[axis] = 0;
        }
    }
    return result;
}

OnnxConstant reshape(const OnnxConstant& source, const OnnxConstant& sizes) {
    Sizes shape;
    std::optional<std::size_t> open;
    for (std::size_t i = 0; i < sizes.values.size(); ++i) {
        const Index size = whole_number(sizes.values[i]);
        if (size < -1 || (size == 0 && i >= source.shape.size()) || (size == -1 && open)) {
            refuse("its shape cannot be read", "export the model again");
        }
        if (size == -1) {
            open = i;
        }
        shape.push_back(size == -1 ? 1 : size == 0 ? source.shape[i] : size);
    }
    if (const Index given = count(shape); open && given > 0) {
        shape[*open] = std::ssize(source.values) / given;
    }
    return with_shape(source, shape);
}

OnnxConstant squeeze(const OnnxConstant& source, const std::vector<double>& axes) {
    std::vector<bool> goes(source.shape.size(), false);
    for (const double axis : axes) {
        goes[static_cast<std::size_t>(axis_of(axis, source.shape.size()))] = true;
    }
    Sizes shape;
    for (std::size_t i = 0; i < source.shape.size(); ++i) {
        if (axes.empty() ? source.shape[i] != 1 : !goes[i]) {
            shape.push_back(source.shape[i]);
        }
    }
    return with_shape(source, shape);
}

OnnxConstant unsqueeze(const OnnxConstant& source, const std::vector<double>& axes) {
    const std::size_t rank = source.shape.size() + axes.size();
    std::vector<bool> added(rank, false);
    for (const double axis : axes) {
        added[static_cast<std::size_t>(axis_of(axis, rank))] = true;
    }
    Sizes shape;
    std::size_t next = 0;
    for (std::size_t i = 0; i < rank; ++i) {
        if (added[i] || next == source.shape.size()) {
            shape.push_back(1);
        } else {
            shape.push_back(source.shape[next++]);
        }
    }
    return with_shape(source, shape);
}

OnnxConstant gather(const onnx::NodeProto& node, const OnnxConstant& source,
                    const OnnxConstant& indices, const Spend& spend) {
    const auto axis =
        static_cast<std::size_t>(axis_of(number_attribute(node, "axis", 0.0), source.shape.size()));
    std::vector<Index> places;
    for (const double index : indices.values) {
        places.push_back(axis_of(index, static_cast<std::size_t>(source.shape[axis])));
    }
    Sizes shape(source.shape.begin(), source.shape.begin() + static_cast<Index>(axis));
    shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
    shape.insert(shape.end(), source.shape.begin() + static_cast<Index>(axis) + 1,
                 source.shape.end());
    return pick(source, axis, places, shape, spend);
}

OnnxConstant slice(const onnx::NodeProto& node, const Inputs& inputs, const Spend& spend) {
    OnnxConstant result = need(inputs, 0);
    if (result.values.empty()) {
        refuse("it takes a part of an empty constant", "export the model again");
    }
    const auto numbers = [&](std::size_t place, const char* name) {
        const OnnxConstant* input = find(inputs, place);
        return input != nullptr ? input->values : numbers_attribute(node, name);
    };
    const std::vector<double> starts = numbers(1, "starts");
    const std::vector<double> ends = numbers(2, "ends");
    std::vector<double> axes = numbers(3, "axes");
    const std::vector<double> steps = numbers(4, "steps");
    if (axes.empty()) {
        axes.resize(starts.size());
        std::iota(axes.begin(), axes.end(), 0.0);
    }
    if (ends.size() != starts.size() || axes.size() != starts.size() ||
        (!steps.empty() && steps.size() != starts.size())) {
        refuse("its starts, ends, axes and steps differ in number", "export the model again");
    }
    for (std::size_t i = 0; i < starts.size(); ++i) {
        if (!steps.empty() && whole_number(steps[i]) != 1) {
            refuse("it takes a constant in steps of " + std::to_string(whole_number(steps[i])),
                   "fold the constants of the model first");
        }
        const auto axis = static_cast<std::size_t>(axis_of(axes[i], result.shape.size()));
        const Index size = result.shape[axis];
        const auto within = [&](double given) {
            const Index place = whole_number(given);
            return std::clamp(place < 0 ? place + size : place, Index{0}, size);
        };
        std::vector<Index> places;
        for (Index place = within(starts[i]); place < within(ends[i]); ++place) {
            places.push_back(place);
        }
        Sizes shape = result.shape;
        shape[axis] = std::ssize(places);
        result = pick(result, axis, places, shape, spend);
    }
    return result;
}

OnnxConstant concat(const onnx::NodeProto& node, const Inputs& inputs, const Spend& spend) {
    const OnnxConstant& first = need(inputs, 0);
    const auto axis =
        static_cast<std::size_t>(axis_of(number_attribute(node, "axis", 0.0), first.shape.size()));
    OnnxConstant result = like(first, first.shape);
    result.shape[axis] = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        Sizes shape = need(inputs, i).shape;
        if (shape.size() != first.shape.size()) {
            refuse("its constants differ in shape", "export the model again");
        }
        result.shape[axis] += std::exchange(shape[axis], first.shape[axis]);
        result.full = result.full || inputs[i]->full;
        if (shape != first.shape) {
            refuse("its constants differ in shape", "export the model again");
        }
    }
    spend(static_cast<std::size_t>(count(result.shape)));
    const Index outer = count(result.shape) == 0 ? 0 : product(first.shape, 0, axis);
    for (Index o = 0; o < outer; ++o) {
        for (const OnnxConstant* input : inputs) {
            const Index part = product(input->shape, axis, input->shape.size());
            const auto* from = input->values.data() + o * part;
            result.values.insert(result.values.end(), from, from + part);
        }
    }
    return result;
}

}  // namespace hoist::onnx_moves
