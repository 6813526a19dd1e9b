#include "standard_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

// mpirun, which reads what its ranks print, gives up the job after some writes to a pipe without a
// reader.
bool launcher_lost_its_reader() {
    if (std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) {
        return false;
    }
    const std::string stream =
        "/proc/" + std::to_string(::getppid()) + "/fd/" + std::to_string(STDOUT_FILENO);
    struct stat status = {};
    if (::stat(stream.c_str(), &status) != 0 || !S_ISFIFO(status.st_mode)) {
        return false;
    }
    const int file = ::open(stream.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        return errno == ENXIO;  // a pipe that has a name
    }
    pollfd state{file, POLLOUT, 0};
    const bool lost = ::poll(&state, 1, 0) > 0 && (state.revents & POLLERR) != 0;
    ::close(file);
    return lost;
}

void print_nowhere() {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
        ::dup2(nowhere, STDOUT_FILENO);
        ::close(nowhere);
    }
}

}  // namespace

void occupy_closed_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) < 0) {
            ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

void outlive_readers() { std::signal(SIGPIPE, SIG_IGN); }

void send_output() {
    static bool told = false;
    if (launcher_lost_its_reader()) {
        print_nowhere();
    }
    if (std::fflush(stdout) == 0) {
        return;
    }
    const int error = errno;
    std::clearerr(stdout);
    if (error == EPIPE) {
        print_nowhere();
    } else if (!told) {
        told = true;
        std::fprintf(stderr,
                     "hoist: warning: cannot write to standard output (%s); the run goes on, and "
                     "its directory holds the figures\n",
                     std::strerror(error));
    }
}

void finish_output() {
    errno = 0;
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        throw OutputError("cannot write to standard output",
                          errno == 0 ? "an earlier part of it failed" : std::strerror(errno),
                          "free space, or send it elsewhere");
    }
}

}  // namespace hoist
