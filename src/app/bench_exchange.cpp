#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench.hpp"
#include "hoist/comm/agree.hpp"
#include "measure.hpp"

namespace hoist {

namespace {

constexpr std::size_t smallest = std::size_t{1} << 10;
constexpr std::size_t largest = std::size_t{1} << 26;

/// Seconds of a message one way, the slowest pair's: rank r and rank r + half send it to and fro.
double message_seconds(const Communicator& world, std::span<char> buffer, int repeat) {
    const int half = world.size() / 2;
    const bool lower = world.rank() < half;
    const bool paired = world.rank() < 2 * half;
    const int partner = lower ? world.rank() + half : world.rank() - half;
    const std::span<float> numbers(reinterpret_cast<float*>(buffer.data()),
                                   buffer.size() / sizeof(float));
    const auto send = [&] { world.send(std::span<const float>(numbers), partner, 0).wait(); };
    const auto receive = [&] { world.receive(numbers, partner, 0).wait(); };
    std::vector<double> times;
    for (int round = 0; round <= repeat; ++round) {
        world.barrier();
        const double seconds = seconds_of([&] {
            if (paired && lower) {
                send();
                receive();
            } else if (paired) {
                receive();
                send();
            }
        });
        if (round > 0) {  // the first one sets up the connection
            times.push_back(0.5 * world.max(seconds));
        }
    }
    return median(std::move(times));
}

}  // namespace

void bench_exchange(const Communicator& world, const BenchOptions& options) {
    agree(world, [&] {
        if (world.size() < 2) {
            throw UsageError("hoist bench exchange needs at least 2 ranks", "it runs on 1",
                             "start it as mpirun -n 2 hoist bench exchange");
        }
    });
    const bool prints = world.rank() == 0;
    nlohmann::ordered_json rows = nlohmann::json::array();
    std::vector<char> buffer(largest);
    if (prints && !options.json) {
        std::printf("%d ranks, rank r with rank r + %d\n\n     bytes      seconds        GB/s\n",
                    world.size(), world.size() / 2);
    }
    for (std::size_t bytes = smallest; bytes <= largest; bytes *= 4) {
        const double seconds =
            message_seconds(world, std::span(buffer).first(bytes), options.repeat);
        if (prints && options.json) {
            rows.push_back({{"bytes", bytes}, {"seconds", seconds}, {"ranks", world.size()}});
        } else if (prints) {
            std::printf("%10zu  %11.3e  %10.3f\n", bytes, seconds,
                        static_cast<double>(bytes) / seconds / 1e9);
        }
    }
    if (prints && options.json) {
        std::cout << nlohmann::ordered_json{{"exchange", rows}}.dump() << std::endl;
    }
}

}  // namespace hoist
