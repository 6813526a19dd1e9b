#include "hoist/math/blas_check.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include "hoist/math/blas.hpp"
#include "hoist/math/matrix.hpp"

extern "C" {
void spotrf_(const char* triangle, const int* n, float* a, const int* lda, int* info);
void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);
}

namespace hoist {

namespace {

struct Sizes {
    int m;
    int n;
    int k;
};

// The last is past what the kernels for small products take (a million multiplications).
constexpr std::array<Sizes, 6> shapes{
    {{1, 1, 1}, {3, 5, 7}, {17, 1, 33}, {19, 37, 2}, {35, 33, 65}, {101, 99, 103}}};

/// A matrix inside a larger one, whose surroundings nobody may touch.
template <typename Scalar>
class Framed {
  public:
    Framed(int rows, int columns) : all_(rows + 3, columns + 1), rows_(rows), columns_(columns) {
        all_.setConstant(frame);
    }

    explicit Framed(const Matrix<Scalar>& inner)
        : Framed(static_cast<int>(inner.rows()), static_cast<int>(inner.cols())) {
        all_.topLeftCorner(rows_, columns_) = inner;
    }

    auto inner() { return all_.topLeftCorner(rows_, columns_); }
    Scalar* data() { return all_.data(); }
    int stride() const { return static_cast<int>(all_.rows()); }
    bool frame_stands() const {
        return (all_.bottomRows(3).array() == frame).all() &&
               (all_.rightCols(1).array() == frame).all();
    }

  private:
    static constexpr Scalar frame = 77;
    Matrix<Scalar> all_;
    int rows_;
    int columns_;
};

/// Whole numbers from -3 to 3 in no simple order.
template <typename Scalar>
Matrix<Scalar> whole_numbers(int rows, int columns, unsigned seed) {
    return Matrix<Scalar>::NullaryExpr(rows, columns, [&] {
        seed = seed * 1664525U + 1013904223U;
        return static_cast<Scalar>(static_cast<int>((seed >> 20U) % 7U) - 3);
    });
}

// Loops of our own: Eigen's products are those of the library.
template <typename Scalar>
Matrix<Scalar> plain_product(const Matrix<Scalar>& a, const Matrix<Scalar>& b) {
    Matrix<Scalar> c = Matrix<Scalar>::Zero(a.rows(), b.cols());
    for (Index j = 0; j < b.cols(); ++j) {
        for (Index l = 0; l < a.cols(); ++l) {
            c.col(j) += b(l, j) * a.col(l);
        }
    }
    return c;
}

/// A matrix as it is handed over where the routine is to transpose it.
template <typename Scalar>
Framed<Scalar> stored(const Matrix<Scalar>& form, bool turned) {
    return turned ? Framed<Scalar>(form.transpose()) : Framed<Scalar>(form);
}

constexpr std::array<const char*, 2> forms{"N", "T"};

/// C = 2 A B, where C held no numbers, then C = C - A B.
template <typename Scalar>
bool products_are_right(const BlasRoutines<Scalar>& blas, const Sizes& s) {
    const Matrix<Scalar> a_form = whole_numbers<Scalar>(s.m, s.k, 1);
    const Matrix<Scalar> b_form = whole_numbers<Scalar>(s.k, s.n, 2);
    const Matrix<Scalar> right = plain_product(a_form, b_form);
    for (const bool a_turned : {false, true}) {
        for (const bool b_turned : {false, true}) {
            Framed<Scalar> a = stored(a_form, a_turned);
            Framed<Scalar> b = stored(b_form, b_turned);
            Framed<Scalar> c(s.m, s.n);
            c.inner().setConstant(std::numeric_limits<Scalar>::quiet_NaN());
            const auto is = [&](const Matrix<Scalar>& wanted, Scalar alpha, Scalar beta) {
                const int a_stride = a.stride();
                const int b_stride = b.stride();
                const int c_stride = c.stride();
                blas.gemm(forms[a_turned], forms[b_turned], &s.m, &s.n, &s.k, &alpha, a.data(),
                          &a_stride, b.data(), &b_stride, &beta, c.data(), &c_stride);
                return c.inner() == wanted && c.frame_stands();
            };
            if (!is(2 * right, 2, 0) || !is(right, -1, 1)) {
                return false;
            }
        }
    }
    return true;
}

/// y = 2 A x and y = 2 A'x, where y held no numbers.
template <typename Scalar>
bool products_with_vectors_are_right(const BlasRoutines<Scalar>& blas, const Sizes& s) {
    const Scalar two = 2;
    const Scalar zero = 0;
    const int step = 1;
    for (const bool turned : {false, true}) {
        const Matrix<Scalar> form = whole_numbers<Scalar>(s.m, s.k, 3);
        Matrix<Scalar> x = whole_numbers<Scalar>(s.k, 1, 4);
        Framed<Scalar> a = stored(form, turned);
        Framed<Scalar> y(s.m, 1);
        y.inner().setConstant(std::numeric_limits<Scalar>::quiet_NaN());
        const int stride = a.stride();
        blas.gemv(forms[turned], turned ? &s.k : &s.m, turned ? &s.m : &s.k, &two, a.data(),
                  &stride, x.data(), &step, &zero, y.data(), &step);
        if (y.inner() != 2 * plain_product(form, x) || !y.frame_stands()) {
            return false;
        }
    }
    return true;
}

/// The asked triangle of C - A A', and nothing of the other.
template <typename Scalar>
bool updates_are_right(const BlasRoutines<Scalar>& blas, const Sizes& s) {
    const Scalar minus = -1;
    const Scalar one = 1;
    const Matrix<Scalar> form = whole_numbers<Scalar>(s.m, s.k, 5);
    const Matrix<Scalar> gram = plain_product<Scalar>(form, form.transpose());
    for (const bool turned : {false, true}) {
        for (const bool upper : {false, true}) {
            Framed<Scalar> a = stored(form, turned);
            Matrix<Scalar> right = whole_numbers<Scalar>(s.m, s.m, 6);
            Framed<Scalar> c(right);
            if (upper) {
                right.template triangularView<Eigen::Upper>() -= gram;
            } else {
                right.template triangularView<Eigen::Lower>() -= gram;
            }
            const int a_stride = a.stride();
            const int c_stride = c.stride();
            blas.syrk(upper ? "U" : "L", forms[turned], &s.m, &s.k, &minus, a.data(), &a_stride,
                      &one, c.data(), &c_stride);
            if (c.inner() != right || !c.frame_stands()) {
                return false;
            }
        }
    }
    return true;
}

/// A lower triangle with ones on its diagonal and few other entries, so that what it multiplies stays small.
template <typename Scalar>
Matrix<Scalar> unit_triangle(int n) {
    Matrix<Scalar> result = Matrix<Scalar>::Identity(n, n);
    for (int i = 1; i < n; ++i) {
        result(i, i / 2) += 1;
        result(i, i / 3) -= 2;
    }
    return result;
}

/// L X = B, L'X = B, X L = B and X L' = B for the B of a known X.
template <typename Scalar>
bool solutions_are_right(const BlasRoutines<Scalar>& blas, const Sizes& s) {
    const Scalar one = 1;
    const Matrix<Scalar> x = whole_numbers<Scalar>(s.m, s.n, 7);
    for (const bool from_right : {false, true}) {
        const Matrix<Scalar> triangle = unit_triangle<Scalar>(from_right ? s.n : s.m);
        for (const bool turned : {false, true}) {
            const Matrix<Scalar> form = turned ? Matrix<Scalar>(triangle.transpose()) : triangle;
            Framed<Scalar> a(triangle);
            Framed<Scalar> b(from_right ? plain_product(x, form) : plain_product(form, x));
            const int a_stride = a.stride();
            const int b_stride = b.stride();
            blas.trsm(from_right ? "R" : "L", "L", forms[turned], "N", &s.m, &s.n, &one, a.data(),
                      &a_stride, b.data(), &b_stride);
            if (b.inner() != x || !b.frame_stands()) {
                return false;
            }
        }
    }
    return true;
}

/// The factor of L L' is L, and what lies above it stays.
template <typename Scalar>
bool factors_are_right(const BlasRoutines<Scalar>& blas, int n) {
    Matrix<Scalar> right = unit_triangle<Scalar>(n);
    Framed<Scalar> a(plain_product<Scalar>(right, right.transpose()));
    right.template triangularView<Eigen::StrictlyUpper>() = a.inner();
    const int stride = a.stride();
    int info = -1;
    blas.potrf("L", &n, a.data(), &stride, &info);
    return info == 0 && a.inner() == right && a.frame_stands();
}

std::string product_text(const Sizes& s) {
    return std::to_string(s.m) + " x " + std::to_string(s.k) + " x " + std::to_string(s.n);
}

}  // namespace

template <>
BlasRoutines<float> linked_blas() {
    return {[](auto... a) { sgemm_(a...); }, [](auto... a) { sgemv_(a...); },
            [](auto... a) { ssyrk_(a...); }, [](auto... a) { strsm_(a...); }, spotrf_};
}

template <>
BlasRoutines<double> linked_blas() {
    return {[](auto... a) { dgemm_(a...); }, [](auto... a) { dgemv_(a...); },
            [](auto... a) { dsyrk_(a...); }, [](auto... a) { dtrsm_(a...); }, dpotrf_};
}

template <typename Scalar>
std::optional<std::string> wrong_result(const BlasRoutines<Scalar>& blas) {
    const std::string precision = std::is_same_v<Scalar, float> ? "s" : "d";
    for (const Sizes& s : shapes) {
        const std::string square = std::to_string(s.m) + " x " + std::to_string(s.m);
        const std::string flat = std::to_string(s.m) + " x " + std::to_string(s.k);
        if (!products_are_right(blas, s)) {
            return precision + "gemm of " + product_text(s);
        }
        if (!products_with_vectors_are_right(blas, s)) {
            return precision + "gemv of " + flat;
        }
        if (!updates_are_right(blas, s)) {
            return precision + "syrk of " + flat;
        }
        if (!solutions_are_right(blas, s)) {
            return precision + "trsm of " + std::to_string(s.m) + " x " + std::to_string(s.n);
        }
        if (!factors_are_right(blas, s.m)) {
            return precision + "potrf of " + square;
        }
    }
    return std::nullopt;
}

template std::optional<std::string> wrong_result(const BlasRoutines<float>&);
template std::optional<std::string> wrong_result(const BlasRoutines<double>&);

std::optional<std::string> wrong_blas_result() {
    const int threads = blas_threads();
    set_blas_threads(1);
    std::optional<std::string> wrong = wrong_result(linked_blas<float>());
    if (!wrong) {
        wrong = wrong_result(linked_blas<double>());
    }
    set_blas_threads(threads);
    return wrong;
}

}  // namespace hoist
