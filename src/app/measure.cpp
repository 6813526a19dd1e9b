#include "measure.hpp"

#include <algorithm>
#include <fstream>

#include "hoist/base/random.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

double median(std::vector<double> values) {
    const auto middle = values.begin() + (std::ssize(values) / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

double seconds_of(const std::function<void()>& work) {
    const double begun = wall_time();
    work();
    return wall_time() - begun;
}

std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("model name")) {
            return std::string(trim(line.substr(line.find(':') + 1)));
        }
    }
    return "unknown";
}

template <typename Scalar>
Matrix<Scalar> random_matrix(Index rows, Index columns, std::uint64_t item) {
    std::mt19937_64 engine = random_engine(1, Purpose::benchmark, item);
    std::uniform_real_distribution<Scalar> entry(-1, 1);
    return Matrix<Scalar>::NullaryExpr(rows, columns, [&] { return entry(engine); });
}

template Matrix<float> random_matrix(Index, Index, std::uint64_t);
template Matrix<double> random_matrix(Index, Index, std::uint64_t);

}  // namespace hoist
