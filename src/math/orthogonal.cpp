#include "hoist/math/orthogonal.hpp"

#include <algorithm>
#include <vector>

#include "hoist/base/error.hpp"

// Singular values by divide and conquer, of LAPACK (which OpenBLAS holds, without a header for it).
extern "C" void dgesdd_(const char* job, const int* rows, const int* columns, double* a,
                        const int* lda, double* s, double* u, const int* ldu, double* vt,
                        const int* ldvt, double* work, const int* work_size, int* integer_work,
                        int* info);

namespace hoist {
namespace {

/// The orthogonal factor U V' of a = U S V'.
Matrix<double> orthogonal_factor(Matrix<double> a) {
    const int rows = static_cast<int>(a.rows());
    const int columns = static_cast<int>(a.cols());
    const int rank = std::min(rows, columns);
    Vector<double> s(rank);
    Matrix<double> u(rows, rank);
    Matrix<double> vt(rank, columns);
    std::vector<int> integer_work(8 * static_cast<std::size_t>(rank));
    std::vector<double> work(1);
    int info = 0;
    const auto call = [&](int work_size) {
        dgesdd_("S", &rows, &columns, a.data(), &rows, s.data(), u.data(), &rows, vt.data(), &rank,
                work.data(), &work_size, integer_work.data(), &info);
    };
    call(-1);  // which only asks for the size of the work space
    work.resize(static_cast<std::size_t>(work[0]));
    call(static_cast<int>(work.size()));
    if (info != 0) {
        throw NumericalError("the weights of a layer cannot be made orthogonal",
                             "their singular values were not found",
                             "use a smaller weights.step, or train.precision = double");
    }
    return u * vt;
}

}  // namespace

template <typename Scalar>
void make_orthogonal(Matrix<Scalar>& w) {
    if (!w.allFinite()) {  // on which LAPACK may never return
        throw NumericalError("the weights of a layer cannot be made orthogonal",
                             "they are not finite",
                             "use a smaller weights.step, or train.precision = double");
    }
    w = orthogonal_factor(w.template cast<double>()).template cast<Scalar>();
}

template void make_orthogonal(Matrix<float>&);
template void make_orthogonal(Matrix<double>&);

}  // namespace hoist
