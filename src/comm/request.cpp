#include <array>
#include <exception>
#include <utility>

#include "hoist/comm/communicator.hpp"

namespace hoist {

// As every call under MPI_ERRORS_ARE_FATAL: results are not looked at.

Request::~Request() { wait(); }

Request& Request::operator=(Request&& other) noexcept {
    if (this != &other) {
        wait();
        request_ = std::exchange(other.request_, MPI_REQUEST_NULL);
        what_ = other.what_;
        peer_ = other.peer_;
        name_ = other.name_;
    }
    return *this;
}

void Request::wait() {
    if (request_ == MPI_REQUEST_NULL) {
        return;
    }
    if (std::uncaught_exceptions() > 0) {
        request_ =
            MPI_REQUEST_NULL;  // the job is about to be aborted; its neighbor may never answer
        return;
    }
    const WaitMark mark(what_, name_, peer_);
    MPI_Wait(&request_, MPI_STATUS_IGNORE);
}

void Request::wait_for_either(Request& one, Request& other) {
    if (std::uncaught_exceptions() > 0) {
        return;  // as wait()
    }
    const WaitMark mark(one.what_, one.name_, one.peer_);
    std::array<MPI_Request, 2> requests{one.request_, other.request_};
    int index = 0;
    MPI_Waitany(2, requests.data(), &index, MPI_STATUS_IGNORE);
    one.request_ = requests[0];
    other.request_ = requests[1];
}

bool Request::over() {
    int over = 1;
    if (request_ != MPI_REQUEST_NULL) {
        MPI_Test(&request_, &over, MPI_STATUS_IGNORE);
    }
    return over != 0;
}

}  // namespace hoist
