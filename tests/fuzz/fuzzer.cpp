#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const hoist::FuzzTarget& target = hoist::fuzz_target(HOIST_FUZZ_TARGET);
    target.read({data, size});
    return 0;
}
