#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hoist/base/error.hpp"

namespace hoist {

/// The message of the error that `call` throws, which must be of this class; empty if there is
/// none.
template <typename Expected, typename Call>
std::string message_of(Call call) {
    try {
        call();
    } catch (const Expected& error) {
        return error.what();
    }
    return "";
}

/// The status of the error that `call` throws; done if there is none.
template <typename Call>
ExitStatus status_of(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.status();
    }
    return ExitStatus::done;
}

inline void expect_mentions(const std::string& message, const std::vector<std::string>& words) {
    for (const std::string& word : words) {
        EXPECT_NE(message.find(word), std::string::npos)
            << "\"" << word << "\" is not in \"" << message << "\"";
    }
}

}  // namespace hoist
