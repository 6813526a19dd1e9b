#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hoist/model/network_spec.hpp"
#include "network_pieces.hpp"

namespace hoist {

/// The maps that pieces of the text of a network make of the shapes that they meet. @throws UsageError where they do
/// not fit.
class PieceMaps {
  public:
    /// @param shown the key and its whole value.
    explicit PieceMaps(std::string shown) : shown_(std::move(shown)) {}

    [[noreturn]] void refuse(const Piece& piece, const std::string& why) const;
    /// One map, or the two of a step. @pre piece.maps() > 0, or it is refused.
    std::vector<MapSpec> maps_of(const Piece& piece, const Shape& from) const;
    void check_size(const Piece& piece, const Shape& shape, Index most = most_numbers_within) const;
    Windows windows_of(const Piece& piece, const Shape& from, Index side, Index stride,
                       Index padding) const;
    /// Of a pool, which remembers every place of each of its windows.
    Windows pool_of(const Piece& piece, const Shape& from) const;
    /// The known steps of a fidelity(...) on blocks of that shape.
    std::shared_ptr<const FixedOperator> data_steps_of(const Piece& piece, const Shape& block);
    /// phi on the channels that a map gives, beside those that it carries along.
    std::shared_ptr<const Activation> beside_carried(const Piece& piece,
                                                     std::shared_ptr<const Activation> phi,
                                                     const MapSpec& map) const;
    /// Whether all maps with the same weights, and the activations behind them, are alike.
    void check_shared_weights(const Piece& last, const NetworkSpec& network) const;

  protected:
    std::string shown_;

  private:
    MapSpec residual_map(const Piece& piece, const Shape& from) const;
    std::vector<MapSpec> step(const Piece& piece, const Shape& from) const;

    /// The last that was made: mostly that of all steps.
    std::shared_ptr<const FixedOperator> data_steps_;
};

}  // namespace hoist
