#include "collector.hpp"

#include "hoist/comm/agree.hpp"

namespace hoist {

template <typename Scalar>
void Collector::piece(int owner, Index rows, Index columns,
                      const std::function<Matrix<Scalar>()>& own,
                      const std::function<void(const Matrix<Scalar>&)>& take) {
    const auto numbers = [](auto& matrix) {
        return std::span(matrix.data(), static_cast<std::size_t>(matrix.size()));
    };
    if (ranks_.rank() == owner && !collects()) {
        const Matrix<Scalar> sent = own();
        ranks_.send(numbers(sent), 0, 0).wait();
    } else if (collects()) {
        Matrix<Scalar> piece(rows, columns);
        if (owner == 0) {
            piece = own();
        } else {
            ranks_.receive(numbers(piece), owner, 0).wait();
        }
        attempt([&] { take(piece); });
    }
}

void Collector::attempt(const std::function<void()>& work) {
    if (!collects() || error_) {
        return;
    }
    try {
        work();
    } catch (const Error& error) {
        error_ = error;
    }
}

void Collector::agree_on_success() {
    agree(ranks_, [&] {
        if (error_) {
            throw Error(*error_);
        }
    });
}

template void Collector::piece(int, Index, Index, const std::function<Matrix<float>()>&,
                               const std::function<void(const Matrix<float>&)>&);
template void Collector::piece(int, Index, Index, const std::function<Matrix<double>()>&,
                               const std::function<void(const Matrix<double>&)>&);

}  // namespace hoist
