#include "hoist/model/linear_map.hpp"
#include "kernel_times.hpp"
#include "measure.hpp"

namespace hoist {

namespace {

/// A convolution on a block of pictures as large as blocks of training are.
template <typename Scalar>
class ConvolutionBench {
  public:
    ConvolutionBench(Index channels, int repeat)
        : repeat_(repeat),
          channels_(channels),
          map_(MapSpec::convolution({{side, side, channels}, 3, 3, 1, 1}, channels)),
          weights_(initial_weights<Scalar>(map_, Start::he, 0.0, 1, 1)),
          linear_(weights_, map_),
          x_(random_matrix<Scalar>(map_.from.size(), samples, 5)),
          u_(random_matrix<Scalar>(map_.to.size(), samples, 6)),
          out_(map_.from.size(), samples),
          gradient_(map_.outputs(), map_.inputs()) {}

    std::vector<KernelTime> all() {
        return {measure("conv_forward", [this] { linear_.apply(x_, out_); }),
                measure("conv_adjoint", [this] { linear_.pull_back(u_, out_); }),
                measure("conv_gradient", [this] {
                    gradient_.setZero();
                    linear_.pairs(x_, u_,
                                  [this](const ConstMatrixRef<Scalar>& windows,
                                         const ConstMatrixRef<Scalar>& s, Index) {
                                      gradient_.noalias() += s * windows.transpose();
                                  });
                })};
    }

  private:
    static constexpr Index side = 16;
    static constexpr Index samples = 64;

    KernelTime measure(const char* name, const std::function<void()>& work) {
        const Index products = map_.places() * samples;
        const double flops = 2.0 * static_cast<double>(map_.inputs() * map_.outputs() * products);
        const std::string shape = std::to_string(channels_) + " x 3 x 3 x " +
                                  std::to_string(channels_) + " x " + std::to_string(products);
        return beside_product<Scalar>({name, shape, flops, 0.0, 0.0}, map_.outputs(), map_.inputs(),
                                      repeat_, work);
    }

    int repeat_;
    Index channels_;
    MapSpec map_;
    Weights<Scalar> weights_;
    LinearMap<Scalar> linear_;
    Matrix<Scalar> x_;
    Matrix<Scalar> u_;
    Matrix<Scalar> out_;
    Matrix<Scalar> gradient_;
};

}  // namespace

template <typename Scalar>
std::vector<KernelTime> convolution_times(int repeat) {
    std::vector<KernelTime> times;
    for (const Index channels : {16, 64}) {
        for (KernelTime& time : ConvolutionBench<Scalar>(channels, repeat).all()) {
            times.push_back(std::move(time));
        }
    }
    return times;
}

template std::vector<KernelTime> convolution_times<float>(int);
template std::vector<KernelTime> convolution_times<double>(int);

}  // namespace hoist
