#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hoist {

using Bytes = std::span<const std::uint8_t>;

/// A reader of hoist that gets any bytes in the place of what it expects.
struct FuzzTarget {
    std::string name;
    /// Reads what `bytes` make, to the end. What hoist refuses is no failure: errors with the status
    /// of wrong use, bad data or a missing file stay inside. @throws anything else.
    void read(Bytes bytes) const;
    /// The same; also @throws what hoist refuses it with.
    void (*reader)(Bytes bytes);
    /// Inputs that the program makes itself, to start from.
    std::vector<std::string> (*seeds)();
};

const std::vector<FuzzTarget>& fuzz_targets();

/// @pre a target is called so.
const FuzzTarget& fuzz_target(const std::string& name);

void read_idx_files(Bytes bytes);
void read_cifar10_files(Bytes bytes);
void read_image_files(Bytes bytes);
void read_csv_files(Bytes bytes);
void read_numpy_files(Bytes bytes);
void read_configuration(Bytes bytes);
void read_npy(Bytes bytes);
void read_npz(Bytes bytes);
void read_onnx(Bytes bytes);
/// The bytes are the file.
void read_model_bytes(Bytes bytes);
/// The bytes are the file after a header with the right checksum.
void read_checked_bytes(Bytes bytes);
/// The bytes choose what is wrong with an HDF5 file that is whole.
void read_model(Bytes bytes);
void read_checkpoint(Bytes bytes);
void read_hdf5_data(Bytes bytes);

std::vector<std::string> no_seeds();
/// For targets whose bytes choose what is wrong: nothing is.
std::vector<std::string> undamaged();
std::vector<std::string> idx_seeds();
std::vector<std::string> cifar10_seeds();
std::vector<std::string> numpy_seeds();
std::vector<std::string> npz_seeds();
std::vector<std::string> onnx_seeds();
std::vector<std::string> model_seeds();
/// Without their headers.
std::vector<std::string> checked_seeds();

}  // namespace hoist
