#include "onnx_samples.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace hoist {

namespace {

constexpr const char* batch_first = "let the batch be the first dimension and stay it";

Index product(std::span<const Index> sizes) {
    Index result = 1;
    for (const Index size : sizes) {
        if (size == SampleShape::unknown) {
            return SampleShape::unknown;
        }
        if (__builtin_mul_overflow(result, size, &result)) {
            refuse("its samples are too large", "export the model again");
        }
    }
    return result;
}

}  // namespace

SampleShape::SampleShape(std::vector<Index> sizes, std::optional<Index> batch)
    : sizes_(std::move(sizes)), batch_(batch) {
    check_rank();
    product(sizes_);
}

void SampleShape::check_rank() const {
    constexpr std::size_t most = 8;
    if (rank() > most) {
        refuse("its samples have " + std::to_string(rank()) + " dimensions",
               "hoist takes at most " + std::to_string(most));
    }
}

Index SampleShape::size() const { return product(sizes_); }

bool SampleShape::is_row() const {
    return !sizes_.empty() &&
           std::all_of(sizes_.begin(), sizes_.end() - 1, [](Index size) { return size == 1; });
}

OnnxConstant SampleShape::as_constant(const onnx::NodeProto& node) const {
    std::vector<double> values{std::numeric_limits<double>::quiet_NaN()};
    for (const Index size : sizes_) {
        values.push_back(size == unknown ? std::numeric_limits<double>::infinity()
                                         : static_cast<double>(size));
    }
    const auto rank = std::ssize(values);
    const auto within = [&](const char* name, double otherwise) {
        const Index place = whole_number(number_attribute(node, name, otherwise));
        return std::clamp(place < 0 ? place + rank : place, Index{0}, rank);
    };
    const Index start = within("start", 0.0);
    const Index end = std::max(start, within("end", static_cast<double>(rank)));
    values = {values.begin() + start, values.begin() + end};
    return {{std::ssize(values)}, values, false, true};
}

void SampleShape::flatten(double axis) {
    const Index given = whole_number(axis);
    const auto dimensions = static_cast<Index>(rank()) + 1;
    const Index first = given < 0 ? given + dimensions : given;
    if (first < 1 || first > dimensions ||
        product(std::span(sizes_).first(static_cast<std::size_t>(first - 1))) != 1) {
        refuse("it flattens the batch too", batch_first);
    }
    sizes_ = {size()};
}

bool SampleShape::batch_may_be(double size) const {
    return std::isnan(size) || size == 1.0 || (batch_ && size == static_cast<double>(*batch_));
}

void SampleShape::reshape(const std::vector<double>& given, bool zeros_are_sizes) {
    const auto no_vector = [](const std::string& why) {
        refuse(why, "reshape to a vector per sample: Flatten, or view(x.size(0), -1)");
    };
    std::vector<Index> sizes;
    std::optional<std::size_t> open;
    const bool batch_open = !given.empty() && given[0] == -1.0;
    for (std::size_t i = 1; i < given.size(); ++i) {
        if (!std::isfinite(given[i])) {
            no_vector(std::isnan(given[i]) ? "it moves the batch"
                                           : "it takes a size that the model does not declare");
        }
        Index size = whole_number(given[i]);
        if (size == 0 && !zeros_are_sizes && i <= sizes_.size()) {
            size = sizes_[i - 1];
        } else if (size == -1 && !open && !batch_open) {
            open = i - 1;
        } else if (size < 1) {
            no_vector("its shape cannot be read");
        }
        sizes.push_back(size);
    }
    const Index old = size();
    const bool batch_kept = !given.empty() && !zeros_are_sizes && given[0] == 0.0;
    if (given.empty() || !(batch_kept || batch_open || batch_may_be(given[0]) ||
                           (old != unknown && !open && product(sizes) == old))) {
        no_vector("it moves the batch");
    }
    if (open) {
        sizes[*open] = 1;
        const Index others = product(sizes);
        if (old != unknown && others != unknown && (others == 0 || old % others != 0)) {
            no_vector("it mixes samples");
        }
        sizes[*open] = old == unknown || others == unknown ? unknown : old / others;
    }
    const Index now = product(sizes);
    if (old != unknown && now != unknown && now != old) {
        no_vector("it makes samples of " + std::to_string(now) + " numbers of those of " +
                  std::to_string(old));
    }
    if (old == unknown && now != unknown && !batch_open && !batch_kept && !std::isnan(given[0])) {
        no_vector("it gives a shape to samples whose size the model does not declare");
    }
    sizes_ = std::move(sizes);
    check_rank();
}

void SampleShape::squeeze(const std::vector<double>& axes) {
    std::vector<bool> goes(rank() + 1, false);
    for (const double axis : axes) {
        goes[static_cast<std::size_t>(axis_of(axis, rank() + 1))] = true;
    }
    std::vector<Index> kept;
    for (std::size_t i = 0; i < rank(); ++i) {
        const bool leaves = axes.empty() ? sizes_[i] == 1 : goes[i + 1];
        if (sizes_[i] == unknown ? axes.empty() || leaves : leaves && sizes_[i] != 1) {
            refuse("it takes away a dimension that may not be 1", "export the model again");
        }
        if (!leaves) {
            kept.push_back(sizes_[i]);
        }
    }
    if (goes[0] || (axes.empty() && batch_ == 1)) {
        refuse("it takes away the batch", batch_first);
    }
    sizes_ = std::move(kept);
}

void SampleShape::unsqueeze(const std::vector<double>& axes) {
    const std::size_t dimensions = rank() + 1 + axes.size();
    std::vector<bool> added(dimensions, false);
    for (const double axis : axes) {
        added[static_cast<std::size_t>(axis_of(axis, dimensions))] = true;
    }
    if (added[0]) {
        refuse("it puts a dimension before the batch", batch_first);
    }
    std::vector<Index> sizes;
    auto next = sizes_.begin();
    for (std::size_t i = 1; i < dimensions; ++i) {
        sizes.push_back(added[i] || next == sizes_.end() ? 1 : *next++);
    }
    sizes_ = std::move(sizes);
    check_rank();
}

void SampleShape::transpose(const std::vector<double>& order) {
    std::vector<Index> axes;
    for (const double axis : order) {
        axes.push_back(axis_of(axis, rank() + 1));
    }
    std::vector<Index> sorted = axes;
    std::ranges::sort(sorted);
    if (axes.size() != rank() + 1 || std::ranges::adjacent_find(sorted) != sorted.end() ||
        axes[0] != 0) {
        refuse("it moves the batch", batch_first);
    }
    std::vector<Index> sizes;
    Index last = 0;
    for (std::size_t i = 1; i < axes.size(); ++i) {
        const Index size = sizes_[static_cast<std::size_t>(axes[i] - 1)];
        if (size != 1) {  // those of size 1 may stand anywhere
            if (axes[i] < last) {
                refuse(
                    "it changes the order of the numbers of a sample",
                    "leave it out and order the columns of the first map as it orders the inputs");
            }
            last = axes[i];
        }
        sizes.push_back(size);
    }
    sizes_ = std::move(sizes);
}

Vector<double> SampleShape::spread(const OnnxConstant& constant, const std::string& name) {
    const std::size_t dimensions = rank() + 1;
    if (constant.values.empty() || constant.shape.size() > dimensions) {
        refuse(constant.values.empty() ? "its " + name + " is empty"
                                       : "its " + name + " has more dimensions than the samples",
               "give it one number for each unit");
    }
    if (constant.values.size() == 1) {
        return Vector<double>::Constant(1, constant.values[0]);
    }
    std::vector<Index> own(dimensions - constant.shape.size(), 1);
    own.insert(own.end(), constant.shape.begin(), constant.shape.end());
    if (own[0] != 1) {
        refuse("its " + name + " has numbers for each sample of a batch, not one for each unit",
               "give it one number for each unit");
    }
    own.erase(own.begin());
    for (std::size_t i = 0; i < own.size(); ++i) {
        if (sizes_[i] == unknown && own[i] > 1) {
            sizes_[i] = own[i];
        }
        if (own[i] != 1 && own[i] != sizes_[i]) {
            refuse(
                "its " + name + " has " + std::to_string(constant.values.size()) + " numbers for " +
                    (size() == unknown ? "another number of" : std::to_string(size())) + " units",
                "give it one number for each unit");
        }
    }
    const Index count = size();
    if (count == unknown) {
        refuse("the size of the samples is not declared", "declare the shape of the input");
    }
    if (count == std::ssize(constant.values)) {
        return Eigen::Map<const Vector<double>>(constant.values.data(), count);
    }
    Vector<double> values(count);
    for (Index unit = 0; unit < count; ++unit) {
        Index place = 0;
        Index step = 1;
        Index rest = unit;
        for (std::size_t axis = own.size(); axis-- > 0;) {
            place += own[axis] == 1 ? 0 : step * (rest % sizes_[axis]);
            step *= own[axis];
            rest /= sizes_[axis];
        }
        values[unit] = constant.values[static_cast<std::size_t>(place)];
    }
    return values;
}

void SampleShape::set_last(Index size) {
    if (sizes_.empty()) {
        sizes_.push_back(size);
    }
    sizes_.back() = size;
}

}  // namespace hoist
