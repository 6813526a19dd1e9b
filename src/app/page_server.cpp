#include "page_server.hpp"

#include <arpa/inet.h>
#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

// Sockets that others may listen to at the same time, as the library's are, would hide that a port is taken.
void reuse_of_ended_ones(int socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

bool is_numeric(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

bool is_loopback(const std::string& host) {
    in_addr address{};
    return host == "localhost" || host == "::1" ||
           (::inet_pton(AF_INET, host.c_str(), &address) == 1 &&
            ntohl(address.s_addr) >> 24 == 127);
}

std::string lowered(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string this_host() {
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    return lowered(name.data());
}

// Without the port, which a tunnel may change, and the brackets of an IPv6 address.
std::string without_port(const std::string& given) {
    const auto end = given.find_last_not_of("0123456789");
    const bool has_port = end != std::string::npos && given[end] == ':';
    const std::string host = given.substr(0, has_port ? end : std::string::npos);
    return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

[[noreturn]] void refuse(const std::string& address, int port, int error) {
    if (error != EADDRINUSE && error != EACCES) {
        throw UsageError("cannot listen at --address " + address,
                         "this machine has no such address",
                         "leave it out, or name an address or host name of this machine");
    }
    throw SystemError(
        "cannot listen at port " + std::to_string(port) + " of " + address, std::strerror(error),
        error == EADDRINUSE ? "choose another --port, or 0 for any that is free"
                            : "choose a --port of 1024 or more, or 0 for any that is free");
}

}  // namespace

struct PageServer::State {
    std::string address;
    int port = 0;
    std::mutex mutex;
    std::shared_ptr<const Shown> shown;
    httplib::Server server;
    std::thread thread;

    std::shared_ptr<const Shown> now() {
        const std::lock_guard lock(mutex);
        return shown;
    }

    // An address of numbers is no name that somebody else can make point here.
    bool is_meant(const httplib::Request& request) const {
        if (request.get_header_value_count("Host") != 1) {
            return false;
        }
        const std::string host = lowered(without_port(request.get_header_value("Host")));
        return host == lowered(address) || host == "localhost" || host == "127.0.0.1" ||
               host == "::1" ||
               (!is_loopback(address) && (is_numeric(host) || host == this_host()));
    }

    void answer(const httplib::Request& request, httplib::Response& response,
                std::string Shown::*content, const char* type) {
        const std::shared_ptr<const Shown> it = now();
        const std::string tag = '"' + it->tag + '"';
        response.set_header("ETag", tag);
        if (request.get_header_value("If-None-Match") == tag) {
            response.status = 304;
        } else {
            response.set_content((*it).*content, type);
        }
    }

    void set_up() {
        server.set_socket_options(reuse_of_ended_ones);
        // A connection serves one request, so that none is waited for at the end.
        server.set_keep_alive_max_count(1);
        server.set_read_timeout(1);
        server.set_write_timeout(10);
        server.set_payload_max_length(1 << 16);
        server.set_default_headers({{"Cache-Control", "no-store"},
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Referrer-Policy", "no-referrer"},
                                    {"Cross-Origin-Resource-Policy", "same-origin"},
                                    {"Content-Security-Policy", "frame-ancestors 'none'"}});
        server.set_pre_routing_handler([this](const auto& request, auto& response) {
            if (is_meant(request)) {
                return httplib::Server::HandlerResponse::Unhandled;
            }
            response.status = 403;
            return httplib::Server::HandlerResponse::Handled;
        });
        server.Get("/", [this](const auto& request, auto& response) {
            answer(request, response, &Shown::page, "text/html; charset=utf-8");
        });
        server.Get("/data", [this](const auto& request, auto& response) {
            answer(request, response, &Shown::data, "application/json");
        });
        server.set_error_handler([](const httplib::Request& request, httplib::Response& response) {
            if (response.status == 403) {
                response.set_content("This page is not served under that host name.\n",
                                     "text/plain");
            } else if (request.method != "GET" && request.method != "HEAD") {
                response.status = 405;
                response.set_header("Allow", "GET, HEAD");
                response.set_content("This page can only be read.\n", "text/plain");
            } else {
                response.set_content("There is only the page at /.\n", "text/plain");
            }
        });
    }
};

PageServer::PageServer(const std::string& address, int port) : state_(std::make_unique<State>()) {
    state_->address = address;
    state_->shown = std::make_shared<const Shown>();
    state_->set_up();
    errno = 0;
    if (port == 0) {
        state_->port = std::max(0, state_->server.bind_to_any_port(address));
    } else if (state_->server.bind_to_port(address, port)) {
        state_->port = port;
    }
    if (state_->port == 0) {
        refuse(address, port, errno);
    }
    state_->thread = std::thread([this] { state_->server.listen_after_bind(); });
    while (!state_->server.is_running()) {  // before which it cannot be stopped
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

PageServer::~PageServer() {
    state_->server.stop();
    state_->thread.join();
}

std::string PageServer::url() const {
    const bool all = state_->address == "0.0.0.0" || state_->address == "::";
    const std::string host = all ? this_host() : state_->address;
    return "http://" + (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' +
           std::to_string(state_->port) + '/';
}

bool PageServer::is_local() const { return is_loopback(state_->address); }

void PageServer::show(Shown shown) {
    auto next = std::make_shared<const Shown>(std::move(shown));
    const std::lock_guard lock(state_->mutex);
    state_->shown = std::move(next);
}

}  // namespace hoist
