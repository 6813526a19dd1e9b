#pragma once

#include <memory>
#include <string>

namespace hoist {

/// Serves one page and its data to browsers, from threads of its own that use no MPI: GET and HEAD of /
/// and /data, nothing else. A request must name this machine in its Host, so that no page of another
/// site can read them under a name that it has made point here.
class PageServer {
  public:
    struct Shown {
        std::string page;
        std::string data;
        /// Names this state of the data: who has it already is answered with 304.
        std::string tag;
    };

    /// @param address of this machine, or a name of it. @param port 0: any that is free.
    /// @throws UsageError: the machine has no such address; SystemError: it cannot be listened to.
    PageServer(const std::string& address, int port);
    /// Ends within seconds: a browser that is sending or reading is waited for.
    ~PageServer();
    PageServer(const PageServer&) = delete;
    PageServer& operator=(const PageServer&) = delete;

    /// Where a browser finds the page.
    std::string url() const;
    /// Whether only programs of this machine reach it.
    bool is_local() const;
    /// What is served from now on; before, the page is empty.
    void show(Shown shown);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hoist
