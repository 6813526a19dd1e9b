#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace hoist {

/// What the process answers to the shell; the numbers are those of sysexits.h where it has one.
enum class ExitStatus : int {
    done = 0,
    usage = 64,
    data = 65,
    missing = 66,
    defect = 70,
    system = 71,
    output = 73,
    interrupted = 75,
    numerical = 76,
};

/// The root of everything hoist throws. The message reads "problem (why); what to do".
class Error : public std::runtime_error {
  public:
    Error(ExitStatus status, const std::string& message)
        : std::runtime_error(message), status_(status) {}
    Error(ExitStatus status, std::string_view problem, std::string_view why,
          std::string_view advice);

    ExitStatus status() const { return status_; }

    /// Whether every rank of the job throws the same error now, so that all can end in order.
    bool agreed() const { return agreed_; }
    Error as_agreed() const {
        Error copy = *this;
        copy.agreed_ = true;
        return copy;
    }

  private:
    ExitStatus status_;
    bool agreed_ = false;
};

/// A child of Error for each exit status, so that a handler can tell them apart.
template <ExitStatus Status>
class ErrorOf : public Error {
  public:
    explicit ErrorOf(const std::string& message) : Error(Status, message) {}
    ErrorOf(std::string_view problem, std::string_view why, std::string_view advice)
        : Error(Status, problem, why, advice) {}
};

/// Wrong use: an option, the configuration, the grid, incompatible choices.
using UsageError = ErrorOf<ExitStatus::usage>;
/// A file that is malformed, truncated or inconsistent, or holds NaN.
using DataError = ErrorOf<ExitStatus::data>;
/// A file that is missing or unreadable.
using MissingError = ErrorOf<ExitStatus::missing>;
/// A defect in hoist.
using Defect = ErrorOf<ExitStatus::defect>;
/// A failure of MPI or of the system.
using SystemError = ErrorOf<ExitStatus::system>;
/// An output that cannot be written.
using OutputError = ErrorOf<ExitStatus::output>;
/// Stopped from outside after saving a checkpoint.
using Interrupted = ErrorOf<ExitStatus::interrupted>;
/// An objective, a factor or a solution that is not finite.
using NumericalError = ErrorOf<ExitStatus::numerical>;

/// @throws Defect with `what` unless `condition`: the check of a documented precondition.
inline void require(bool condition, const char* what) {
    if (!condition) {
        throw Defect(std::string("a precondition does not hold: ") + what);
    }
}

}  // namespace hoist
