#include "npz_arrays.hpp"

#include <algorithm>
#include <iterator>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

bool is_numbered(const std::string& name) {
    return (name.starts_with("weights_") || name.starts_with("bias_")) &&
           to_whole_number(name.substr(name.find('_') + 1)).has_value();
}

}  // namespace

std::string weights_name(std::size_t map) { return "weights_" + std::to_string(map); }
std::string bias_name(std::size_t map) { return "bias_" + std::to_string(map); }
std::string coefficients_name(std::size_t map) { return "coefficients_" + std::to_string(map); }

void require_array(const std::vector<std::string>& names, const std::string& name,
                   const std::string& shown) {
    if (std::ranges::find(names, name) == names.end()) {
        throw DataError(shown + " has no array " + name, "it holds " + join(names, ", "),
                        "a network is weights_0, bias_0, weights_1, ... and activations: the "
                        "names of the hidden ones, then that of the output, as "
                        "numpy.array(['relu', 'softmax'])");
    }
}

std::vector<std::string> find_others(const std::vector<std::string>& names, std::size_t maps,
                                     const std::string& shown) {
    std::vector<std::string> known{"activations", "input_mean", "input_scale"};
    for (std::size_t l = 0; l < maps; ++l) {
        known.push_back(weights_name(l));
        known.push_back(bias_name(l));
    }
    std::vector<std::string> missing;
    std::ranges::copy_if(known, std::back_inserter(missing), [&](const std::string& name) {
        return std::ranges::find(names, name) == names.end();
    });
    known.emplace_back("network");  // which may be missing
    for (std::size_t l = 0; l < maps; ++l) {
        known.push_back(coefficients_name(l));
    }
    const auto part = std::ranges::find_if(missing, is_numbered);
    const bool lacks_part = part != missing.end();
    std::vector<std::string> others;
    for (const std::string& name : names) {
        if (std::ranges::find(known, name) != known.end()) {
            continue;
        }
        const auto meant = nearest(name, missing);
        if (meant || lacks_part || is_numbered(name)) {
            throw DataError(shown + " holds an unknown array, " + name,
                            "with " + std::to_string(maps) + " names in activations there are " +
                                weights_name(0) + " and " + bias_name(0) + " to " +
                                weights_name(maps - 1) + " and " + bias_name(maps - 1) +
                                ", input_mean and input_scale" +
                                (lacks_part ? "; " + *part + " is missing" : ""),
                            meant ? "did you mean " + *meant + "?" : "leave it out");
        }
        others.push_back(name);
    }
    return others;
}

}  // namespace hoist
