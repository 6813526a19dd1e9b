#include "hoist/math/fixed_operator.hpp"

#include <Eigen/SparseCore>
#include <cmath>
#include <vector>

#include "fixed_operator_of.hpp"
#include "hoist/base/error.hpp"

namespace hoist {

namespace {

class MeansOverWindows final : public FixedOperatorOf<MeansOverWindows> {
  public:
    explicit MeansOverWindows(const Windows& windows)
        : FixedOperatorOf(windows.from, windows.shape(windows.from.channels)), windows_(windows) {
        const Index in_window = windows.rows * windows.columns;
        const std::vector<Index> sources = windows.sources();
        std::vector<Eigen::Triplet<double>> entries;
        for (Index i = 0; i < std::ssize(sources); ++i) {
            entries.emplace_back(static_cast<int>(sources[static_cast<std::size_t>(i)]),
                                 static_cast<int>(i / in_window),
                                 1.0 / static_cast<double>(in_window));
        }
        transposed_.resize(windows.from.places(), windows.places());
        transposed_.setFromTriplets(entries.begin(), entries.end());
    }

    std::optional<Windows> means() const override { return windows_; }

    template <typename Scalar>
    void put(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar>& y) const {
        const Index channels = from().channels;
        y.setZero();
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index place = 0; place < to().places(); ++place) {
                auto sums = y.col(j).segment(place * channels, channels);
                for (Entry entry(transposed_, place); entry; ++entry) {
                    sums += static_cast<Scalar>(entry.value()) *
                            x.col(j).segment(entry.row() * channels, channels);
                }
            }
        }
    }

    template <typename Scalar>
    void add(const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar>& x) const {
        const Index channels = from().channels;
        for (Index j = 0; j < x.cols(); ++j) {
            for (Index place = 0; place < to().places(); ++place) {
                const auto sums = y.col(j).segment(place * channels, channels);
                for (Entry entry(transposed_, place); entry; ++entry) {
                    x.col(j).segment(entry.row() * channels, channels) +=
                        static_cast<Scalar>(entry.value()) * sums;
                }
            }
        }
    }

    // The root of the largest sums of a row and of a column.
    double norm_bound() const override {
        const Eigen::SparseMatrix<double> sizes = transposed_.cwiseAbs();
        const Vector<double> to_sums = sizes.transpose() * Vector<double>::Ones(sizes.rows());
        const Vector<double> from_sums = sizes * Vector<double>::Ones(sizes.cols());
        return std::sqrt(to_sums.maxCoeff() * from_sums.maxCoeff());
    }

  private:
    using Entry = Eigen::SparseMatrix<double>::InnerIterator;

    Windows windows_;
    /// The places of `from` for each place of `to`, a column.
    Eigen::SparseMatrix<double> transposed_;
};

class ZerosBefore final : public FixedOperatorOf<ZerosBefore> {
  public:
    ZerosBefore(const Shape& block, Index zeros)
        : FixedOperatorOf(block, Shape::vector(zeros + block.size())) {}

    template <typename Scalar>
    void put(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar>& y) const {
        y.topRows(to().size() - from().size()).setZero();
        y.bottomRows(from().size()) = x;
    }
    template <typename Scalar>
    void add(const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar>& x) const {
        x += y.bottomRows(from().size());
    }
    double norm_bound() const override { return 1.0; }
};

}  // namespace

std::shared_ptr<const FixedOperator> zeros_before(const Shape& block, Index zeros) {
    return std::make_shared<ZerosBefore>(block, zeros);
}

std::shared_ptr<const FixedOperator> means_over(const Windows& windows) {
    require(windows.fit() && windows.padding == 0, "windows of a mean lie in the block");
    return std::make_shared<MeansOverWindows>(windows);
}

}  // namespace hoist
