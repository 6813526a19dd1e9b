#include "hoist/math/orthogonal.hpp"

#include <algorithm>
#include <cmath>
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

// X X' of all columns of the team. The upper triangle stays zero.
template <typename Scalar>
Matrix<Scalar> gram_of_rows(const Matrix<Scalar>& x, const Team<Scalar>& team) {
    const Index m = x.rows();
    Matrix<Scalar> a = Matrix<Scalar>::Zero(m, m);
    if (x.cols() > 0) {  // which Eigen takes for granted
        a.template selfadjointView<Eigen::Lower>().rankUpdate(x);
    }
    if (team.size() > 1) {
        std::vector<Scalar> packed(static_cast<std::size_t>(m * (m + 1) / 2));
        auto next = packed.begin();
        for (Index j = 0; j < m; ++j) {
            next = std::ranges::copy(a.col(j).tail(m - j), next).out;
        }
        team.sum(packed);
        auto from = packed.cbegin();
        for (Index j = 0; j < m; ++j) {
            std::copy_n(from, m - j, a.col(j).tail(m - j).begin());
            from += m - j;
        }
    }
    return a;
}

// 2.0315 A^2 - 4.7750 A: its lower triangle, of the whole symmetric A.
template <typename Scalar>
Matrix<Scalar> polynomial(const Matrix<Scalar>& a, const Team<Scalar>& team) {
    Matrix<Scalar> b = static_cast<Scalar>(-4.7750) * a;
    if (team.size() > 2) {
        const Range own = team.part(a.cols());
        b.middleCols(own.begin, own.size()).noalias() +=
            static_cast<Scalar>(2.0315) * a * a.middleCols(own.begin, own.size());
        team.gather(b);
    } else {  // half of A^2 is as much for one as a part of all of it for one of two
        b.template selfadjointView<Eigen::Lower>().rankUpdate(a, static_cast<Scalar>(2.0315));
    }
    return b;
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

template <typename Scalar>
void make_nearly_orthogonal(Matrix<Scalar>& x, const Team<Scalar>& team) {
    Matrix<Scalar> next(x.rows(), x.cols());
    for (int step = 0; step < 5; ++step) {
        Matrix<Scalar> a = gram_of_rows(x, team);
        if (step == 0) {
            const Scalar scale = Scalar{1} / (std::sqrt(a.trace()) + static_cast<Scalar>(1e-20));
            x *= scale;
            a *= scale;
            a *= scale;
        }
        a.template triangularView<Eigen::StrictlyUpper>() = a.transpose();
        const Matrix<Scalar> b = polynomial(a, team);
        next = static_cast<Scalar>(3.4445) * x;
        if (x.cols() > 0) {
            next.noalias() += b.template selfadjointView<Eigen::Lower>() * x;
        }
        x.swap(next);
    }
}

template void make_nearly_orthogonal(Matrix<float>&, const Team<float>&);
template void make_nearly_orthogonal(Matrix<double>&, const Team<double>&);
template void make_orthogonal(Matrix<float>&);
template void make_orthogonal(Matrix<double>&);

}  // namespace hoist
