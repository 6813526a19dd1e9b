// Loaded before a program: from SIGRTMIN until it throws, every larger piece of memory that it asks for is refused.

#include <dlfcn.h>

#include <cerrno>
#include <csignal>
#include <cstddef>

extern "C" {

void* __libc_malloc(std::size_t size);

static volatile std::sig_atomic_t refuses = 0;

__attribute__((constructor)) static void listen_for_signal() {
    std::signal(SIGRTMIN, [](int) { refuses = 1; });
}

void* malloc(std::size_t size) {
    if (refuses != 0 && size > 10000) {
        errno = ENOMEM;
        return nullptr;
    }
    return __libc_malloc(size);
}

// Unwinding frees enough for what is left to do.
void* __cxa_allocate_exception(std::size_t size) noexcept {
    refuses = 0;
    using Allocate = void* (*)(std::size_t);
    return reinterpret_cast<Allocate>(dlsym(RTLD_NEXT, "__cxa_allocate_exception"))(size);
}

}  // extern "C"
