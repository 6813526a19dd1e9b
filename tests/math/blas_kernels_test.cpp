#include "hoist/math/blas_kernels.hpp"

#include <gtest/gtest.h>

#include "hoist/math/blas.hpp"
#include "hoist/math/blas_check.hpp"

namespace hoist {
namespace {

struct Case {
    const char* core;
    Instructions processor;
    /// Empty: what OpenBLAS took stays.
    const char* better;
};

TEST(BetterKernels, replace_those_that_leave_most_of_the_processor_idle) {
    using enum Instructions;
    for (const Case& c :
         {Case{"Prescott", avx512, "SkylakeX"}, Case{"Prescott", avx2, "Haswell"},
          Case{"Prescott", avx, "Sandybridge"}, Case{"Prescott", sse, ""},
          Case{"Generic", avx512, "SkylakeX"}, Case{"Core2", avx2, "Haswell"},
          Case{"Nehalem", avx512, "SkylakeX"}, Case{"Nehalem", sse, ""},
          Case{"Sandybridge", avx512, "SkylakeX"}, Case{"Sandybridge", avx2, "Haswell"},
          Case{"Sandybridge", avx, ""}, Case{"Haswell", avx512, "SkylakeX"},
          Case{"Haswell", avx2, ""}, Case{"SkylakeX", avx512, ""}, Case{"Cooperlake", avx512, ""},
          Case{"Sapphirerapids", avx512, ""},
          // A user who forbids AVX-512 to a virtual machine may have them too.
          Case{"Haswell", avx, ""}, Case{"SkylakeX", avx2, ""}}) {
        EXPECT_EQ(better_kernels(c.core, c.processor).value_or(""), c.better)
            << c.core << " on " << static_cast<int>(c.processor);
    }
}

TEST(BetterKernels, leave_those_alone_that_were_made_for_the_processor_or_are_unknown) {
    for (const char* core :
         {"Zen", "Excavator", "Bulldozer", "Bobcat", "NEOVERSEN1", "ARMV8", "Unknown", ""}) {
        EXPECT_FALSE(better_kernels(core, Instructions::avx512)) << core;
    }
}

TEST(BlasKernels, are_named_by_the_library) {
    const BlasKernels kernels = blas_kernels();
    EXPECT_TRUE(kernels.library.starts_with("OpenBLAS"));
    EXPECT_FALSE(kernels.core.empty());
}

template <typename Scalar>
class WrongResult : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(WrongResult, Scalars);

TYPED_TEST(WrongResult, is_none_under_the_kernels_in_use) {
    const int before = blas_threads();
    set_blas_threads(2);
    EXPECT_EQ(wrong_blas_result(), std::nullopt);
    EXPECT_EQ(blas_threads(), 2);
    set_blas_threads(before);
    EXPECT_EQ(wrong_result(linked_blas<TypeParam>()), std::nullopt);
}

/// The routines of the library, one of which adds what `damage` says to one number.
template <typename Scalar>
struct Damaged {
    static inline BlasRoutines<Scalar> right = linked_blas<Scalar>();
    static BlasRoutines<Scalar> gemm(auto damage) {
        BlasRoutines<Scalar> wrong = right;
        static auto harm = damage;
        wrong.gemm = [](auto a, auto b, auto m, auto n, auto k, auto alpha, auto x, auto ldx,
                        auto y, auto ldy, auto beta, auto c, auto ldc) {
            right.gemm(a, b, m, n, k, alpha, x, ldx, y, ldy, beta, c, ldc);
            harm(*m, *n, *k, c, *ldc);
        };
        return wrong;
    }
};

template <typename Scalar>
std::string told(const BlasRoutines<Scalar>& blas) {
    return wrong_result(blas).value_or("nothing").substr(1);
}

TYPED_TEST(WrongResult, names_a_product_that_is_off_in_its_last_column) {
    const auto blas = Damaged<TypeParam>::gemm([](int m, int n, int k, auto c, int stride) {
        if (m * n * k > 1000000) {  // as where only blocked products are wrong
            c[m - 1 + (n - 1) * stride] += 1;
        }
    });
    EXPECT_TRUE(told(blas).starts_with("gemm of 101 x")) << told(blas);
}

TYPED_TEST(WrongResult, names_a_product_that_writes_past_its_rows) {
    const auto blas = Damaged<TypeParam>::gemm([](int m, int, int, auto c, int) { c[m] = 0; });
    EXPECT_EQ(told(blas), "gemm of 1 x 1 x 1");
}

TYPED_TEST(WrongResult, names_a_product_that_reads_what_it_was_told_to_replace) {
    BlasRoutines<TypeParam> blas = linked_blas<TypeParam>();
    blas.gemm = [](auto a, auto b, auto m, auto n, auto k, auto alpha, auto x, auto ldx, auto y,
                   auto ldy, auto beta, auto c, auto ldc) {
        const TypeParam first = *beta * c[0];
        linked_blas<TypeParam>().gemm(a, b, m, n, k, alpha, x, ldx, y, ldy, beta, c, ldc);
        if (*beta == TypeParam{0}) {
            c[0] += first;
        }
    };
    EXPECT_EQ(told(blas), "gemm of 1 x 1 x 1");
}

TYPED_TEST(WrongResult, names_every_other_routine) {
    using Blas = BlasRoutines<TypeParam>;
    static const Blas right = linked_blas<TypeParam>();
    Blas blas = right;
    blas.gemv = [](auto t, auto m, auto n, auto alpha, auto a, auto lda, auto x, auto incx,
                   auto beta, auto y, auto incy) {
        right.gemv(t, m, n, alpha, a, lda, x, incx, beta, y, incy);
        y[(*t == 'T' ? *n : *m) - 1] += 1;
    };
    EXPECT_TRUE(told(blas).starts_with("gemv"));
    blas = right;
    blas.syrk = [](auto u, auto t, auto n, auto k, auto alpha, auto a, auto lda, auto beta, auto c,
                   auto ldc) {
        right.syrk(u, t, n, k, alpha, a, lda, beta, c, ldc);
        c[*n * *ldc - 1 - (*ldc - *n)] += *n > 20 ? 1 : 0;
    };
    EXPECT_TRUE(told(blas).starts_with("syrk of 35 x"));
    blas = right;
    blas.trsm = [](auto s, auto u, auto t, auto d, auto m, auto n, auto alpha, auto a, auto lda,
                   auto b, auto ldb) {
        right.trsm(s, u, t, d, m, n, alpha, a, lda, b, ldb);
        b[*m - 1] += *s == 'R' && *t == 'T' ? 1 : 0;
    };
    EXPECT_TRUE(told(blas).starts_with("trsm"));
    blas = right;
    blas.potrf = [](auto u, auto n, auto a, auto lda, auto info) {
        right.potrf(u, n, a, lda, info);
        *info = *n > 50 ? 1 : *info;
    };
    EXPECT_TRUE(told(blas).starts_with("potrf of 101 x"));
}

}  // namespace
}  // namespace hoist
