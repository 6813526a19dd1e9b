#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

// What a thread starts with its creator has: OpenBLAS starts its threads when it is loaded, so that this must come before.
void set_denormals_to_zero() {
#if defined(__x86_64__)
    constexpr unsigned flush_to_zero = 1U << 15U;
    constexpr unsigned denormals_are_zero = 1U << 6U;
    _mm_setcsr(_mm_getcsr() | flush_to_zero | denormals_are_zero);
#elif defined(__aarch64__)
    constexpr unsigned long flush_to_zero = 1UL << 24U;
    unsigned long control = 0;
    asm volatile("mrs %0, fpcr" : "=r"(control));
    asm volatile("msr fpcr, %0" : : "r"(control | flush_to_zero));
#endif
}

[[gnu::section(".preinit_array"), gnu::used]] void (*before_libraries)() = set_denormals_to_zero;

}  // namespace
