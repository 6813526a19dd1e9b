// Loaded before a program: any thread that computes with a number below the normal range, without counting it as zero, ends the
// program by SIGFPE. Where KEEP_DENORMALS is set the flags that count such numbers as zero are taken back first.

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdlib>

namespace {

[[gnu::constructor]] void set_trap() {
    constexpr unsigned flush_to_zero = 1U << 15U;
    constexpr unsigned denormals_are_zero = 1U << 6U;
    unsigned control = _mm_getcsr() & ~_MM_MASK_DENORM;
    if (std::getenv("KEEP_DENORMALS") != nullptr) {
        control &= ~(flush_to_zero | denormals_are_zero);
    }
    _mm_setcsr(control);
}

}  // namespace
#endif
