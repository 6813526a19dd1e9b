#include <algorithm>
#include <array>
#include <set>

#include "hoist/math/window_max.hpp"
#include "onnx_chain.hpp"

namespace hoist {

namespace {

/// An attribute of one number for each of two directions, which have to be the same.
Index same_both_ways(const onnx::NodeProto& node, const char* name, Index otherwise) {
    const std::vector<double> numbers = numbers_attribute(node, name);
    if (std::ranges::adjacent_find(numbers, std::not_equal_to{}) != numbers.end()) {
        refuse(std::string("its ") + name + " differ between directions",
               "use square windows, with one stride and one padding");
    }
    return numbers.empty() ? otherwise : whole_number(numbers.front());
}

std::string text_attribute(const onnx::NodeProto& node, const char* name) {
    const onnx::AttributeProto* attribute = find_attribute(node, name);
    return attribute == nullptr ? "" : attribute->s();
}

/// @param side of a window.
Windows windows_of(const onnx::NodeProto& node, const Shape& from, Index side) {
    Windows windows{from, side, side, same_both_ways(node, "strides", 1),
                    same_both_ways(node, "pads", 0)};
    const std::string padding = text_attribute(node, "auto_pad");
    if (padding.starts_with("SAME") && windows.stride == 1 && side % 2 == 1) {
        windows.padding = side / 2;
    } else if (!padding.empty() && padding != "NOTSET" && padding != "VALID") {
        refuse("its auto_pad is " + padding, "export the model with pads");
    }
    if (same_both_ways(node, "dilations", 1) != 1) {
        refuse("its windows have holes (dilations)", "use dilations of 1");
    }
    if (side < 1 || windows.stride < 1 || windows.padding < 0 || !windows.fit()) {
        refuse("its windows do not fit on " + to_text(from), "check the model");
    }
    return windows;
}

Windows pool_of(const onnx::NodeProto& node, const Shape& from) {
    const Windows windows = windows_of(node, from, same_both_ways(node, "kernel_shape", 1));
    const bool whole = (from.rows - windows.rows) % windows.stride == 0 &&
                       (from.columns - windows.columns) % windows.stride == 0;
    if (windows.padding != 0 || (number_attribute(node, "ceil_mode", 0.0) != 0.0 && !whole)) {
        refuse("it pools over the edge of a picture", "pool without padding and ceil_mode");
    }
    return windows;
}

}  // namespace

std::vector<Index> OnnxChain::channels_innermost(const Shape& shape) {
    std::vector<Index> from(static_cast<std::size_t>(shape.size()));
    for (Index place = 0; place < shape.places(); ++place) {
        for (Index channel = 0; channel < shape.channels; ++channel) {
            from[static_cast<std::size_t>(place * shape.channels + channel)] =
                channel * shape.places() + place;
        }
    }
    return from;
}

bool OnnxChain::holds_pictures(const onnx::GraphProto& graph) {
    static const std::set<std::string> operators{"Conv", "MaxPool", "AveragePool",
                                                 "GlobalAveragePool"};
    return std::ranges::any_of(graph.node(), [](const Node& node) {
        return is_standard(node) && operators.contains(node.op_type());
    });
}

// Where nothing has said what the sizes are, an operator on pictures does.
const Shape& OnnxChain::need_picture(bool outermost) {
    const std::vector<Index>& sizes = shape_.sizes();
    constexpr Index most_numbers = Index{1} << 24;
    const bool known = sizes.size() == 3 && shape_.size() != SampleShape::unknown;
    if (known && shape_.size() > most_numbers) {
        refuse("its input has more than " + std::to_string(most_numbers) + " numbers", "");
    }
    if (known && !picture_ && after_ == After::input) {
        picture_ =
            outermost ? Shape{sizes[1], sizes[2], sizes[0]} : Shape{sizes[0], sizes[1], sizes[2]};
        channels_outermost_ = outermost;
    }
    if (!known || !picture_ || channels_outermost_ != outermost ||
        shape_.sizes() != picture_sizes()) {
        refuse("its input is no picture of known size",
               "declare the shape of the input: batch x channels x rows x columns");
    }
    return *picture_;
}

std::vector<Index> OnnxChain::picture_sizes() const {
    const auto [rows, columns, channels] = *picture_;
    return channels_outermost_ ? std::vector<Index>{channels, rows, columns}
                               : std::vector<Index>{rows, columns, channels};
}

// As a row of numbers where it is one so far.
void OnnxChain::set_picture(const Shape& shape) {
    const bool row = shape_.rank() != 3;
    picture_ = shape;
    shape_ = SampleShape(row ? std::vector<Index>{shape.size()} : picture_sizes(), std::nullopt);
}

bool OnnxChain::turns_picture(const std::vector<double>& order) {
    const bool outward = order == std::vector<double>{0, 3, 1, 2};
    if (!pictures_ || (!outward && order != std::vector<double>{0, 2, 3, 1})) {
        return false;
    }
    need_picture(!outward);
    channels_outermost_ = outward;
    shape_ = SampleShape(picture_sizes(), std::nullopt);
    return true;
}

void OnnxChain::take_convolution(const Node& node) {
    const OnnxConstant& filters = constant_of(node, 1);
    const Shape from = need_picture(true);
    if (number_attribute(node, "group", 1.0) != 1.0) {
        refuse("its channels form groups", "use one group");
    }
    const std::vector<Index>& sizes = filters.shape;
    if (sizes.size() != 4 || sizes[1] != from.channels || sizes[2] != sizes[3] ||
        filters.values.empty()) {
        refuse("its filters are not square, or do not fit on " + to_text(from), "check the model");
    }
    constants_.spend(filters.values.size());
    const Windows windows = windows_of(node, from, sizes[2]);
    const std::vector<Index> place_of = channels_innermost({sizes[2], sizes[3], from.channels});
    Matrix<double> columns(windows.length(), sizes[0]);
    for (Index filter = 0; filter < sizes[0]; ++filter) {
        for (Index i = 0; i < columns.rows(); ++i) {
            columns(i, filter) = filters.values[static_cast<std::size_t>(
                filter * columns.rows() + place_of[static_cast<std::size_t>(i)])];
        }
    }
    append_map(MapSpec::convolution(windows, sizes[0]), std::move(columns), filters.full);
    set_picture(windows.shape(sizes[0]));
    pass(node);
    if (has_input(node, 2)) {
        const OnnxConstant& bias = constant_of(node, 2);
        if (std::ssize(bias.values) != sizes[0]) {
            refuse("its bias has no number for each filter", "check the model");
        }
        last_map().bias = Eigen::Map<const Vector<double>>(bias.values.data(), sizes[0]);
    }
}

// Behind what never falls it is the activation of the largest.
void OnnxChain::take_max_pool(const Node& node) {
    const Windows windows = pool_of(node, need_picture(true));
    if (in_front_ || maximum_ || after_ == After::input || !between_.is_identity()) {
        refuse("it stands where no map is before it", "put it behind a convolution");
    }
    if (after_ == After::map) {
        maximum_ = windows;
    } else {
        static const std::set<std::string> rising{
            "identity",       "relu",    "leaky_relu", "hard_tanh", "hard_sigmoid",
            "soft_threshold", "sigmoid", "tanh",       "softplus",  "saturated_sin"};
        auto& phi = model_.network.activations.back();
        const std::string name = phi->name();
        if (phi->windows() || !rising.contains(name.substr(0, name.find('(')))) {
            refuse("it stands behind " + name, "put it in front of the activation");
        }
        phi = max_over_windows(phi, windows);
    }
    set_picture(windows.shape(windows.from.channels));
    pass(node);
}

void OnnxChain::take_average_pool(const Node& node) {
    const Shape from = need_picture(true);
    const Windows windows =
        node.op_type() == "AveragePool" ? pool_of(node, from) : Windows::whole(from);
    if (in_front_ || !between_.is_identity()) {
        refuse("it stands behind another pool, or what scales", "put a map between them");
    }
    if (after_ == After::map) {
        add_activation(node, "identity");
    }
    in_front_ = means_over(windows);
    set_picture(in_front_->to());
    pass(node);
}

// PyTorch writes one of nothing in front of an average.
void OnnxChain::take_pad(const Node& node) {
    const std::vector<double> pads =
        has_input(node, 1) ? constant_of(node, 1).values : numbers_attribute(node, "pads");
    if (std::ranges::any_of(pads, [](double pad) { return pad != 0.0; })) {
        refuse("it puts an edge around a picture", "let the convolution pad");
    }
    pass(node);
}

bool OnnxChain::adds_what_the_map_takes(const Node& node) {
    if (node.op_type() != "Add" || after_ != After::map || maximum_ || node.input_size() != 2 ||
        std::ranges::find(node.input(), map_input_) == node.input().end()) {
        return false;
    }
    MapSpec& map = specs_.back();
    if (map.residual() || map.windows.from != map.to ||
        shapes_.at(map_input_).sizes() != shape_.sizes()) {
        refuse("it adds what is of another shape", "");
    }
    map = map.added();
    return true;
}

Vector<double> OnnxChain::of_channels(const Vector<double>& values) {
    const Index channels = last_map().bias.size();
    if (!picture_ || values.size() == 1 || values.size() == channels) {
        return values;
    }
    const Index places = picture_->places();
    Vector<double> each(channels);
    for (Index channel = 0; channel < channels; ++channel) {
        for (Index place = 0; place < places; ++place) {
            const double value =
                values[channels_outermost_ ? channel * places + place : place * channels + channel];
            each[channel] = place == 0 ? value : each[channel];
            if (value != each[channel]) {
                refuse("its numbers differ between the places of a picture",
                       "give it one number for each channel");
            }
        }
    }
    return each;
}

}  // namespace hoist
