#pragma once

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <string>
#include <vector>

namespace hoist {

inline std::string base64(const std::vector<char>& bytes) {
    using namespace boost::archive::iterators;
    using Iterator = base64_from_binary<transform_width<const char*, 6, 8>>;
    std::string text(Iterator(bytes.data()), Iterator(bytes.data() + bytes.size()));
    return text.append((3 - bytes.size() % 3) % 3, '=');
}

}  // namespace hoist
