// Loaded before a program: OpenBLAS as it is on a processor that it does not know, with the kernels of an old one unless
// OPENBLAS_CORETYPE names others. The kernels that HOIST_WRONG_KERNELS names (all: any) multiply wrongly.

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

namespace {

template <typename Function>
Function* of_library(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

const char* old_core = "Prescott";

}  // namespace

extern "C" {

char* openblas_get_corename() {
    const char* chosen = std::getenv("OPENBLAS_CORETYPE");
    return const_cast<char*>(chosen == nullptr ? old_core : chosen);
}

void sgemm_(const char* a_form, const char* b_form, const int* m, const int* n, const int* k, const float* alpha,
            const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c,
            const int* ldc) {
    static auto* right = of_library<decltype(sgemm_)>("sgemm_");
    right(a_form, b_form, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    const char* wrong = std::getenv("HOIST_WRONG_KERNELS");
    if (wrong != nullptr && (std::strcmp(wrong, "all") == 0 || std::strcmp(wrong, openblas_get_corename()) == 0)) {
        c[0] += 1;
    }
}

}  // extern "C"
