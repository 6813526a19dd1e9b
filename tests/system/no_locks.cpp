// Loaded before a program: its file system has no locks, as Lustre where it is mounted without them.

#include <cerrno>

extern "C" int flock(int, int) {
    errno = ENOSYS;
    return -1;
}
