#include <cstdio>
#include <string>

#include "bench.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "spend.hpp"

namespace {

double number_of(const hoist::ConfigText& given, const std::string& name) {
    const auto found = given.find(name);
    const auto value = found == given.end() ? std::nullopt : hoist::to_number(found->second);
    if (!value || !(*value > 0.0)) {
        throw hoist::UsageError(name + "=NUMBER is missing", "", "launch/simulate gives it");
    }
    return *value;
}

}  // namespace

// hoist-simulated NAME=VALUE ...: `hoist bench sweep --json` on samples that nobody has; flops, bandwidth, samples and repeat,
// and the keys of a configuration.
int main(int count, char** arguments) {
    const hoist::MpiEnvironment mpi(&count, &arguments);
    const hoist::Communicator world = hoist::Communicator::world();
    try {
        hoist::ConfigText own;
        hoist::ConfigText keys;
        for (int i = 1; i < count; ++i) {
            const std::string text = arguments[i];
            const auto sign = text.find('=');
            const std::string name = text.substr(0, sign);
            (name.find('.') == std::string::npos ? own : keys)[name] =
                sign == std::string::npos ? "" : text.substr(sign + 1);
        }
        hoist::BenchOptions options;
        options.config = hoist::parse_config(keys);
        const bool single = options.config.precision == hoist::Precision::single;
        hoist::set_rates(number_of(own, "flops"), number_of(own, "bandwidth"), single ? 4.0 : 8.0);
        options.samples = static_cast<hoist::Index>(number_of(own, "samples"));
        options.repeat = static_cast<int>(number_of(own, "repeat"));
        options.json = true;
        hoist::bench_sweep(world, options);
    } catch (const hoist::Error& error) {
        std::fprintf(stderr, "hoist: %s\n", error.what());
        return static_cast<int>(error.status());
    }
}
