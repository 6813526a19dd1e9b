#include "fuzz/targets.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"

namespace hoist {

void FuzzTarget::read(Bytes bytes) const {
    try {
        reader(bytes);
    } catch (const UsageError&) {
    } catch (const DataError&) {
    } catch (const MissingError&) {
    }
}

const std::vector<FuzzTarget>& fuzz_targets() {
    static const std::vector<FuzzTarget> targets{
        {"idx", read_idx_files, idx_seeds},
        {"cifar10", read_cifar10_files, cifar10_seeds},
        {"images", read_image_files, no_seeds},
        {"csv", read_csv_files, no_seeds},
        {"numpy", read_numpy_files, numpy_seeds},
        {"config", read_configuration, no_seeds},
        {"npy", read_npy, no_seeds},
        {"npz", read_npz, npz_seeds},
        {"onnx", read_onnx, onnx_seeds},
        {"model_bytes", read_model_bytes, model_seeds},
        {"model", read_model, undamaged},
        {"checkpoint", read_checkpoint, undamaged},
        {"hdf5_data", read_hdf5_data, undamaged},
        {"checked_bytes", read_checked_bytes, checked_seeds},
    };
    return targets;
}

const FuzzTarget& fuzz_target(const std::string& name) {
    const auto found = std::ranges::find(fuzz_targets(), name, &FuzzTarget::name);
    require(found != fuzz_targets().end(), "the fuzz target is known");
    return *found;
}

std::vector<std::string> no_seeds() { return {}; }
std::vector<std::string> undamaged() { return {""}; }

}  // namespace hoist
