#include "kernels.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "hoist/base/error.hpp"
#include "hoist/math/blas_check.hpp"
#include "hoist/math/blas_kernels.hpp"

namespace hoist {

namespace {

constexpr const char* core_variable = "OPENBLAS_CORETYPE";
// What a start says to the one that follows it.
constexpr const char* replaced_variable = "HOIST_REPLACED_KERNELS";
constexpr const char* refused_variable = "HOIST_REFUSED_KERNELS";

struct Choice {
    /// What OpenBLAS took by itself, where hoist did not leave it at that.
    std::string replaced;
    /// What hoist took then and gave up, and why.
    std::string refused;
    /// A result of the kernels in use that is wrong.
    std::optional<std::string> wrong;
};
Choice choice;

std::string handed_over(const char* variable) {
    const char* text = std::getenv(variable);
    const std::string result = text == nullptr ? "" : text;
    unsetenv(variable);
    return result;
}

std::optional<std::string> better_core(const BlasKernels& kernels) {
    const std::optional<Instructions> processor = processor_instructions();
    return processor ? better_kernels(kernels.core, *processor) : std::nullopt;
}

/// Returns only where the program cannot be started; then the environment is as it was.
void start_anew(char** arguments, const std::string& core, const std::string& replaced,
                const std::string& refused) {
    const char* before = std::getenv(core_variable);
    const std::string kept = before == nullptr ? "" : before;
    setenv(core_variable, core.c_str(), 1);
    setenv(replaced_variable, replaced.c_str(), 1);
    setenv(refused_variable, refused.c_str(), 1);
    // By its own name, which the process is listed under.
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    execv(program.c_str(), arguments);
    execv("/proc/self/exe", arguments);
    unsetenv(refused_variable);
    unsetenv(replaced_variable);
    before == nullptr ? unsetenv(core_variable) : setenv(core_variable, kept.c_str(), 1);
}

}  // namespace

void take_right_kernels(char** arguments) {
    choice = {handed_over(replaced_variable), handed_over(refused_variable), {}};
    if (std::getenv(core_variable) == nullptr) {
        const BlasKernels kernels = blas_kernels();
        if (const auto better = better_core(kernels); better && kernels.selectable) {
            start_anew(arguments, *better, kernels.core, "");
        }
    }
    choice.wrong = wrong_blas_result();
    if (choice.wrong && !choice.replaced.empty() && choice.refused.empty()) {
        start_anew(arguments, choice.replaced, choice.replaced,
                   blas_kernels().core + " gave a wrong " + *choice.wrong);
    }
}

void require_right_results() {
    if (choice.wrong) {
        throw SystemError(
            kernels_text() + " give wrong results", *choice.wrong,
            "set OPENBLAS_CORETYPE to another processor, such as Haswell, or update OpenBLAS");
    }
}

std::string kernels_text() {
    const BlasKernels kernels = blas_kernels();
    std::string text = kernels.core + " kernels of " + kernels.library;
    if (!choice.refused.empty()) {
        text += " (" + choice.refused + ")";
    } else if (!choice.replaced.empty() && choice.replaced != kernels.core) {
        text += " (which took " + choice.replaced + ")";
    }
    return text;
}

std::string kernels_warning() {
    if (!choice.refused.empty()) {
        return "warning: the kernels of OpenBLAS that fit this processor are wrong (" +
               choice.refused + "); slower ones are used, update OpenBLAS";
    }
    const BlasKernels kernels = blas_kernels();
    const auto better = better_core(kernels);
    if (!better || std::getenv(core_variable) != nullptr) {
        return "";
    }
    return "warning: the " + kernels_text() + " use a part of this processor only; " +
           (kernels.selectable ? "set OPENBLAS_CORETYPE=" + *better
                               : "install an OpenBLAS that was built with DYNAMIC_ARCH");
}

}  // namespace hoist
