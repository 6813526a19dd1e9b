#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// The middle one of some measurements. @pre not empty.
double median(std::vector<double> values);

/// Seconds that `work` takes.
double seconds_of(const std::function<void()>& work);

/// The name of this machine's processor, or "unknown".
std::string processor_name();

/// Uniform on [-1, 1], the same in every run.
template <typename Scalar>
Matrix<Scalar> random_matrix(Index rows, Index columns, std::uint64_t item);

/// A product of random matrices, rows x inner by inner x columns: what kernels are held against.
template <typename Scalar>
class Gemm {
  public:
    Gemm(Index rows, Index inner, Index columns)
        : a_(random_matrix<Scalar>(rows, inner, 1)),
          b_(random_matrix<Scalar>(inner, columns, 2)),
          c_(Matrix<Scalar>::Zero(rows, columns)) {}

    void operator()() { c_.noalias() = a_ * b_; }
    double flops() const {
        return 2.0 * static_cast<double>(c_.size()) * static_cast<double>(a_.cols());
    }

  private:
    Matrix<Scalar> a_;
    Matrix<Scalar> b_;
    Matrix<Scalar> c_;
};

}  // namespace hoist
