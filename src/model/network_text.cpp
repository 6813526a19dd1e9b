#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/math/window_max.hpp"
#include "hoist/model/network_spec.hpp"
#include "network_pieces.hpp"

namespace hoist {

namespace {

/// Reads the text of a network piece by piece.
class LayersReader {
  public:
    LayersReader(std::string_view layers, const std::vector<std::string>& activations,
                 Output output)
        : shown_("network.layers = " + std::string(layers)),
          names_(activations),
          pictures_(output == Output::linear) {
        pieces_ = read_pieces(layers, shown_);
        if (pieces_.size() < 2) {
            throw UsageError(shown_ + " is too short", "a network has an input and an output",
                             network_example);
        }
    }

    NetworkSpec operator()() {
        read_input();
        for (std::size_t i = 1; i < pieces_.size(); ++i) {
            const Piece& piece = pieces_[i];
            if (piece.kind == Piece::Kind::maximum) {
                pool_maximum(piece);
            } else if (piece.kind == Piece::Kind::mean) {
                pool_mean(piece);
            } else if (piece.kind == Piece::Kind::normalization) {
                normalize(piece);
            } else if (piece.kind == Piece::Kind::shuffle || piece.kind == Piece::Kind::addition) {
                end_picture(piece);
            } else {
                add_map(piece);
            }
        }
        finish();
        return std::move(spec_);
    }

  private:
    [[noreturn]] void refuse(const Piece& piece, const std::string& why) const {
        throw UsageError(shown_ + " does not fit", piece.text + " " + why, network_example);
    }

    void read_input() {
        const Piece& first = pieces_.front();
        if (first.kind == Piece::Kind::shape) {
            reached_ = {first.numbers[0], first.numbers[1], first.numbers[2]};
        } else if (first.kind == Piece::Kind::width) {
            reached_ = Shape::vector(first.numbers[0]);
        } else {
            refuse(first, "stands where the input does: its width, or its shape as in 28x28x1");
        }
        check_size(first, reached_);
    }

    void check_size(const Piece& piece, const Shape& shape) const {
        const auto numbers = static_cast<double>(shape.rows) * static_cast<double>(shape.columns) *
                             static_cast<double>(shape.channels);
        if (numbers > static_cast<double>(most_numbers)) {
            refuse(piece, "makes blocks of more than " + std::to_string(most_numbers) + " numbers");
        }
    }

    Windows windows_of(const Piece& piece, const Shape& from, Index side, Index stride,
                       Index padding) const {
        const Windows windows{from, side, side, stride, padding};
        if (!windows.fit() || (from.places() == 1 && side > 1)) {
            refuse(piece, "does not fit on the " + to_text(from) + " that it looks at" +
                              (from.places() == 1 ? ", which is no picture (a picture's input is "
                                                    "written as in 28x28x1)"
                                                  : ""));
        }
        const auto window = static_cast<double>(side) * static_cast<double>(side);
        if (window * static_cast<double>(from.channels) > static_cast<double>(most_numbers)) {
            refuse(piece, "has windows of more than " + std::to_string(most_numbers) + " numbers");
        }
        return windows;
    }

    // Of a pool, which remembers every place of each of its windows.
    Windows pool_of(const Piece& piece, const Shape& from) const {
        constexpr Index most_places = Index{1} << 22;
        const bool all = piece.numbers.empty();
        const Windows windows =
            all ? Windows::whole(from)
                : windows_of(piece, from, piece.numbers[0], piece.number(1, piece.numbers[0]), 0);
        if (static_cast<double>(windows.places()) * static_cast<double>(windows.rows) *
                static_cast<double>(windows.columns) >
            static_cast<double>(most_places)) {
            refuse(piece, "has windows of more than " + std::to_string(most_places) +
                              " places in all on the " + to_text(from) + " that it looks at");
        }
        return windows;
    }

    std::shared_ptr<const Activation> activation(std::size_t hidden) const {
        return parse_activation(names_[std::min(hidden, names_.size() - 1)]);
    }

    // The activation of the map before stands between it and the next.
    void add_map(const Piece& piece) {
        if (spec_.shuffle > 1 || spec_.adds_input) {
            refuse(piece, "stands behind the end of a network of pictures");
        }
        close_block();
        last_ = &piece;
        const Shape from = fixed_ ? fixed_->to() : reached_;
        MapSpec map;
        if (piece.kind == Piece::Kind::width) {
            map = MapSpec::dense(from, piece.numbers[0]);
        } else if (piece.kind == Piece::Kind::convolution) {
            if (piece.numbers[0] < 1) {
                refuse(piece, "has no channels");
            }
            const Index side = piece.numbers[1];
            map = MapSpec::convolution(
                windows_of(piece, from, side, piece.number(2, 1), piece.number(3, side / 2)),
                piece.numbers[0]);
        } else if (piece.kind == Piece::Kind::residual) {
            map = residual_map(piece, from);
        } else {
            refuse(piece, "stands where a map does; only the input is a shape");
        }
        check_size(piece, map.to);
        spec_.maps.push_back(fixed_ ? map.behind(std::move(fixed_)) : map);
        fixed_ = nullptr;
        reached_ = map.to;
    }

    MapSpec residual_map(const Piece& piece, const Shape& from) const {
        if (piece.numbers.empty()) {
            if (from.places() > 1) {
                refuse(piece, "looks at a picture of " + to_text(from) +
                                  "; write the side of its windows, as in residual(3)");
            }
            return MapSpec::dense(from, from.size()).added();
        }
        const Index side = piece.numbers[0];
        if (side % 2 == 0) {
            refuse(piece, "would give a picture of another size; its side has to be odd");
        }
        return MapSpec::convolution(windows_of(piece, from, side, 1, side / 2), from.channels)
            .added();
    }

    // With the last map's hidden activation: what it gives, x_{l+1}, has been read so far as
    // `reached_`, and u_{l+1} is as much larger as the activation takes.
    void close_block() {
        if (last_ == nullptr) {
            return;
        }
        const std::size_t hidden = spec_.activations.size();
        std::shared_ptr<const Activation> phi = activation(hidden);
        MapSpec& map = spec_.maps.back();
        const Shape x = map.to;
        map.to = phi->input(x);
        check_size(*last_, map.to);
        if (map.residual && map.to != x) {
            refuse(*last_,
                   "gives as many numbers as it takes, and network.activation = " + phi->name() +
                       " takes " + (map.to.size() > x.size() ? "more" : "fewer"));
        }
        if (phi->output(map.to) != x) {
            refuse(*last_, "is no multiple of the " + std::to_string(phi->traits().entries) +
                               " numbers that network.activation = " + phi->name() +
                               " makes of one");
        }
        if (maximum_) {
            maximum_->from = map.to;
            phi = max_over_windows(phi, *maximum_);
            maximum_.reset();
        }
        spec_.activations.push_back(std::move(phi));
        last_ = nullptr;
    }

    void pool_maximum(const Piece& piece) {
        if (last_ == nullptr || maximum_ || fixed_) {
            refuse(piece, "stands where no map is before it");
        }
        maximum_ = pool_of(piece, reached_);
        reached_ = maximum_->shape(reached_.channels);
    }

    void pool_mean(const Piece& piece) {
        if (fixed_) {
            refuse(piece, "stands behind another; a map is needed between them");
        }
        fixed_ =
            std::make_shared<const FixedOperator>(FixedOperator::average(pool_of(piece, reached_)));
    }

    void normalize(const Piece& piece) {
        if (last_ == nullptr || maximum_ || fixed_ || spec_.maps.back().normalized) {
            refuse(piece, "stands where no map is right before it");
        }
        if (spec_.maps.back().residual) {
            refuse(piece, "does not go with " + last_->text + ", which adds what it looks at");
        }
        spec_.maps.back().normalized = true;
    }

    // What is made of the picture that the last map gives.
    void end_picture(const Piece& piece) {
        if (last_ == nullptr || maximum_ || fixed_ || spec_.maps.back().normalized ||
            spec_.adds_input) {
            refuse(piece, "stands where no map is right before it");
        }
        if (piece.kind == Piece::Kind::addition) {
            spec_.adds_input = true;
            return;
        }
        const Index side = piece.numbers[0];
        if (side < 2 || side > 1024 || spec_.shuffle > 1 ||
            reached_.channels % (side * side) != 0) {
            refuse(piece, "does not fit on " + to_text(reached_) +
                              "; its side is at least 2, and its square divides the channels");
        }
        spec_.shuffle = side;
    }

    void finish() {
        using Kind = Piece::Kind;
        const Piece& piece = pieces_.back();
        if (piece.kind == Kind::width && spec_.shuffle == 1 && !spec_.adds_input) {
            return;
        }
        const bool picture = reached_.places() > 1 && piece.kind != Kind::maximum &&
                             piece.kind != Kind::mean && piece.kind != Kind::normalization;
        if (!pictures_ || !picture) {
            refuse(piece, std::string("stands at the end, where the number of outputs does") +
                              (picture ? ", unless network.output = linear makes pictures" : ""));
        }
        spec_.output = Output::linear;
        if (spec_.picture() != spec_.block(0)) {
            refuse(piece, "makes pictures of " + to_text(spec_.picture()) + " of pictures of " +
                              to_text(spec_.block(0)) + ", which have to be as large");
        }
    }

    std::string shown_;
    const std::vector<std::string>& names_;
    /// Whether the outputs may be pictures.
    bool pictures_;
    std::vector<Piece> pieces_;
    NetworkSpec spec_;
    /// Of the block that has been read so far.
    Shape reached_;
    /// The map whose activation has not been added yet.
    const Piece* last_ = nullptr;
    std::optional<Windows> maximum_;
    std::shared_ptr<const FixedOperator> fixed_;
};

}  // namespace

NetworkSpec parse_network(std::string_view layers, std::string_view activation,
                          std::string_view output) {
    return parse_network(layers, split_outside(activation, ','), output);
}

NetworkSpec parse_network(std::string_view layers, std::vector<std::string> names,
                          std::string_view output) {
    if (names.empty()) {
        names.emplace_back("relu");
    }
    NetworkSpec spec = LayersReader(layers, names, parse_output(output))();
    spec.output = parse_output(output);
    const std::string shown = "network.layers = " + std::string(layers);
    const Index hidden = spec.hidden();
    if (std::ssize(names) != 1 && std::ssize(names) != hidden) {
        throw UsageError(
            "network.activation names " + std::to_string(names.size()) + " activations",
            shown + " has " + std::to_string(hidden) + " hidden layers",
            "give one, or one for each hidden layer");
    }
    if (hidden == 0) {
        parse_activation(names.front());
    }
    if (spec.unsupervised()) {
        spec.activations.push_back(parse_activation(names.back()));
    }
    if (spec.output != Output::linear && !spec.unsupervised() && spec.outputs() < 2) {
        throw UsageError(shown + " ends with one unit", "a class needs at least two scores",
                         "use network.output = linear for regression, or two outputs");
    }
    return spec;
}

}  // namespace hoist
