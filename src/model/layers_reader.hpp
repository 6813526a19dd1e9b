#pragma once

#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/math/window_max.hpp"
#include "hoist/model/network_spec.hpp"
#include "input_rows.hpp"
#include "piece_maps.hpp"

namespace hoist {

/// Reads the text of a network piece by piece. Shapes here are those of the channels that the pieces speak of;
/// what keep_input carries behind them comes to the maps when they are complete.
class LayersReader : private PieceMaps {
  public:
    LayersReader(std::string_view layers, const std::vector<std::string>& activations,
                 Output output)
        : PieceMaps("network.layers = " + std::string(layers)),
          names_(activations),
          pictures_(output == Output::linear) {
        pieces_ = read_pieces(layers, shown_);
        if (pieces_.size() < 2) {
            throw UsageError(shown_ + " is too short", "a network has an input and an output",
                             network_example);
        }
        hidden_ = maps_in(pieces_) - pieces_.front().maps() - 1;
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
            } else if (piece.kind == Piece::Kind::kept) {
                keep_input(piece);
            } else if (piece.kind == Piece::Kind::by_rows) {
                take_by_rows(piece);
            } else {
                add_maps(piece);
            }
        }
        finish();
        check_shared_weights(pieces_.back(), spec_);
        return std::move(spec_);
    }

    /// The blocks whose activation the network chooses; the others end a step of two maps.
    Index chosen() const { return chosen_; }

  private:
    void read_input() {
        const Piece& first = pieces_.front();
        if (first.kind == Piece::Kind::shape) {
            reached_ = {first.numbers[0], first.numbers[1], first.numbers[2]};
        } else if (first.kind == Piece::Kind::width) {
            reached_ = Shape::vector(first.numbers[0]);
        } else {
            refuse(first, "stands where the input does: its width, or its shape as in 28x28x1");
        }
        check_size(first, reached_, most_numbers);
    }

    // For one name, for one for each that is chosen, or for one for each hidden block.
    std::shared_ptr<const Activation> next_activation() {
        const Index hidden = std::ssize(spec_.activations);
        const Index number = std::ssize(names_) == hidden_ ? hidden : chosen_;
        ++chosen_;
        return parse_activation(
            names_[static_cast<std::size_t>(std::min(number, std::ssize(names_) - 1))]);
    }

    // Every block behind it carries the input.
    void keep_input(const Piece& piece) {
        if (keeps_ || !spec_.maps.empty() || fixed_ || reached_.places() == 1) {
            refuse(piece, "stands right behind the input, where that is a picture");
        }
        keeps_ = true;
    }

    // Of which the maps that follow read one each.
    void take_by_rows(const Piece& piece) {
        if (keeps_ || !spec_.maps.empty() || last_ != nullptr || fixed_ || rows_.left() > 0 ||
            reached_.places() == 1) {
            refuse(piece, "stands right behind the input, where that is a picture");
        }
        rows_ = InputRows(reached_);
    }

    MapSpec recurrent_map(const Piece& piece) {
        const Index state = piece.numbers[0];
        if (rows_.left() == 0 || state < 1 || fixed_) {
            refuse(piece,
                   "reads one row of the input: it needs by_rows behind that, a row that "
                   "none has read, and units");
        }
        if (rows_.untouched()) {
            fixed_ = zeros_before(reached_, state);
        } else if (reached_ != rows_.behind(state)) {
            refuse(piece, "stands behind a state of another size");
        }
        return rows_.read(state);
    }

    // The activation of the map before stands between it and the next.
    void add_maps(const Piece& piece) {
        if (spec_.shuffle > 1 || spec_.adds_input) {
            refuse(piece, "stands behind the end of a network of pictures");
        }
        close_block();
        if (piece.kind == Piece::Kind::fidelity && (!keeps_ || spec_.maps.empty())) {
            refuse(piece, "needs keep_input behind the input, and a map before itself");
        }
        if (fixed_ && piece.maps() == 2) {
            refuse(piece, "stands right behind a mean; put a map between them");
        }
        if (piece.kind == Piece::Kind::recurrent) {
            add(piece, recurrent_map(piece));
            return;
        }
        if (rows_.left() > 0) {
            refuse(piece, "stands where " + std::to_string(rows_.left()) +
                              " rows of the input are left to be read by recurrent(UNITS)");
        }
        for (const MapSpec& map : maps_of(piece, fixed_ ? fixed_->to() : reached_)) {
            close_block();
            add(piece, map);
        }
    }

    void add(const Piece& piece, const MapSpec& map) {
        check_size(piece, map.to);
        if (keeps_ && (fixed_ || map.from.places() != map.to.places())) {
            refuse(piece, "has not as many places as the input that keep_input carries along");
        }
        last_ = &piece;
        reached_ = map.to;
        const Index number = added_++;
        spec_.first_with.push_back(map.adjoint       ? spec_.first_with.back()
                                   : piece.again > 0 ? spec_.weights_of(number - piece.again)
                                                     : number);
        const Index input = keeps_ ? pieces_.front().numbers.back() : 0;
        MapSpec carrying =
            (fixed_ ? map.behind(std::move(fixed_)) : map)
                .carrying(added_ == 1 ? 0 : input, added_ == hidden_ + 1 ? 0 : input);
        fixed_ = nullptr;
        if (!piece.inside.empty()) {
            carrying = carrying.toward_measurement(data_steps_of(piece, carrying.from));
        }
        spec_.maps.push_back(std::move(carrying));
    }

    // With the last map's hidden activation: what it gives, x_{l+1}, has been read so far as
    // `reached_`, and u_{l+1} is as much larger as the activation takes.
    void close_block() {
        if (last_ == nullptr) {
            return;
        }
        MapSpec& map = spec_.maps.back();
        if (ends_step(map)) {
            end_step();
            return;
        }
        std::shared_ptr<const Activation> phi = next_activation();
        if (const auto own = phi->of_channels(map.outputs())) {
            phi = own;
        }
        if (map.leading > 0) {
            phi = beside_carried(*last_, std::move(phi), map);
        }
        const Shape x = map.to;
        map.to = phi->input(x);
        check_size(*last_, map.to);
        if (map.residual() && map.to != x) {
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

    static bool ends_step(const MapSpec& map) {
        return map.part == StepPart::closes || map.part == StepPart::toward_input;
    }

    void end_step() {
        if (std::ssize(names_) == hidden_ && names_[spec_.activations.size()] != "identity" &&
            names_.size() > 1) {
            refuse(*last_, "ends a step, behind which network.activation can only be identity");
        }
        spec_.activations.push_back(parse_activation("identity"));
        last_ = nullptr;
    }

    void pool_maximum(const Piece& piece) {
        if (last_ == nullptr || maximum_ || fixed_ || spec_.maps.back().leading > 0 ||
            ends_step(spec_.maps.back())) {
            refuse(piece, "stands where no map is before it, or one that carries channels along");
        }
        maximum_ = pool_of(piece, reached_);
        reached_ = maximum_->shape(reached_.channels);
    }

    void pool_mean(const Piece& piece) {
        if (fixed_) {
            refuse(piece, "stands behind another; a map is needed between them");
        }
        fixed_ = means_over(pool_of(piece, reached_));
    }

    void normalize(const Piece& piece) {
        if (last_ == nullptr || maximum_ || fixed_ || spec_.maps.back().normalized) {
            refuse(piece, "stands where no map is right before it");
        }
        if (!spec_.maps.back().skips.empty() || spec_.maps.back().part == StepPart::reads_row) {
            refuse(piece, "does not go with " + last_->text +
                              ", which adds what it looks at or hands it on");
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

    const std::vector<std::string>& names_;
    /// Whether the outputs may be pictures.
    bool pictures_;
    std::vector<Piece> pieces_;
    /// The activation blocks that there will be.
    Index hidden_ = 0;
    Index added_ = 0;
    /// Those so far that names_ chose.
    Index chosen_ = 0;
    bool keeps_ = false;
    NetworkSpec spec_;
    /// Those of an input that comes by rows.
    InputRows rows_;
    /// Of the block that has been read so far.
    Shape reached_;
    /// The map whose activation has not been added yet.
    const Piece* last_ = nullptr;
    std::optional<Windows> maximum_;
    std::shared_ptr<const FixedOperator> fixed_;
};

}  // namespace hoist
