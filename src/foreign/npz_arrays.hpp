#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace hoist {

/// What the arrays of a map are called in NPZ files.
std::string weights_name(std::size_t map);
std::string bias_name(std::size_t map);
/// Of the activation behind it.
std::string coefficients_name(std::size_t map);

/// @throws DataError that says what a file of a network holds.
void require_array(const std::vector<std::string>& names, const std::string& name,
                   const std::string& shown);

/// The arrays of a file that are no part of a network. @throws DataError where one of them may be
/// meant as such a part: a map beyond the last, or the name of a part that is missing, misspelled.
std::vector<std::string> find_others(const std::vector<std::string>& names, std::size_t maps,
                                     const std::string& shown);

}  // namespace hoist
