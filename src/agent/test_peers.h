// Peers for the tests of checks: servers on free loopback ports that behave in a given way,
// and somebody who hears the verdicts.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/checker.h"
#include "base/guarded.h"

namespace rollcall::agent {

// One connection, as the behaviour sees it.
class Client {
 public:
  Client(int fd, const std::atomic<bool>& stop) : fd_(fd), stop_(stop) {}

  // What it sends, up to an empty line.
  std::string ReadRequest() {
    std::string request;
    char c = 0;
    while (!request.ends_with("\r\n\r\n") && Wait(POLLIN) && read(fd_, &c, 1) == 1) request += c;
    return request;
  }
  // False: it has gone.
  bool Send(std::string_view text) {
    while (!text.empty()) {
      if (!Wait(POLLOUT)) return false;
      const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void StaySilent() {
    char c = 0;
    while (Wait(POLLIN) && read(fd_, &c, 1) == 1) continue;
  }
  // Not by FIN, but by RST.
  void Reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  bool Wait(short events) {
    while (!stop_) {
      pollfd waiting{fd_, events, 0};
      if (poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }

  int fd_;
  const std::atomic<bool>& stop_;
};

// Accepts at a free port, and treats every connection in the same way, in a thread each.
class Peer {
 public:
  using Behaviour = std::function<void(Client&)>;

  explicit Peer(Behaviour behaviour, bool v6 = false) : behaviour_(std::move(behaviour)), v6_(v6) {
    fd_ = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in v4_address{};
    v4_address.sin_family = AF_INET;
    v4_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6_address{};
    v6_address.sin6_family = AF_INET6;
    v6_address.sin6_addr = in6addr_loopback;
    auto* const address =
        v6 ? reinterpret_cast<sockaddr*>(&v6_address) : reinterpret_cast<sockaddr*>(&v4_address);
    socklen_t size = v6 ? sizeof v6_address : sizeof v4_address;
    if (bind(fd_, address, size) != 0 || listen(fd_, 512) != 0) std::abort();
    getsockname(fd_, address, &size);
    port_ = ntohs(v6 ? v6_address.sin6_port : v4_address.sin_port);
    thread_ = std::thread([this] { Accept(); });
  }
  ~Peer() {
    stop_ = true;
    thread_.join();
    close(fd_);
    for (std::thread& thread : connections_) thread.join();
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] std::string address() const {
    return (v6_ ? "[::1]:" : "127.0.0.1:") + std::to_string(port_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return count_; }

 private:
  void Accept() {
    while (!stop_) {
      pollfd waiting{fd_, POLLIN, 0};
      if (poll(&waiting, 1, 20) <= 0) continue;
      const int client = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      ++count_;
      connections_.emplace_back([this, client] {
        Client seen(client, stop_);
        behaviour_(seen);
        close(client);
      });
    }
  }

  const Behaviour behaviour_;
  const bool v6_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> count_{0};
  std::vector<std::thread> connections_;
  std::thread thread_;
};

// Answers each request with `octets`, and closes.
inline Peer::Behaviour Answering(std::string octets) {
  return [octets = std::move(octets)](Client& client) {
    client.ReadRequest();
    client.Send(octets);
  };
}
inline std::string Http(std::string_view status, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

// Hears what a checker tells.
class Listener {
 public:
  [[nodiscard]] Checker::OnChange Hear() {
    return [this](const std::string& id, const Checker::Verdict& verdict) {
      heard_.Lock()->emplace_back(id, verdict);
      changed_.notify_all();
    };
  }
  // The latest about `id` once `enough` verdicts on it have come; nothing: they did not,
  // within ten seconds.
  std::optional<Checker::Verdict> Wait(const std::string& id, std::size_t enough = 1) {
    auto heard = heard_.Lock();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const bool came =
        heard.WaitUntil(changed_, until, [&] { return About(*heard, id).size() >= enough; });
    if (!came) return std::nullopt;
    return About(*heard, id).back();
  }
  std::size_t Count(const std::string& id) { return About(*heard_.Lock(), id).size(); }

 private:
  using Heard = std::vector<std::pair<std::string, Checker::Verdict>>;

  static std::vector<Checker::Verdict> About(const Heard& heard, const std::string& id) {
    std::vector<Checker::Verdict> verdicts;
    for (const auto& [about, verdict] : heard) {
      if (about == id) verdicts.push_back(verdict);
    }
    return verdicts;
  }

  Guarded<Heard> heard_;
  std::condition_variable changed_;
};

// What a checker says of it first.
inline Checker::Verdict FirstVerdict(const CheckSpec& spec) {
  Listener listener;
  Checker checker(listener.Hear());
  checker.Set({{"it", spec}});
  const auto verdict = listener.Wait("it");
  EXPECT_TRUE(verdict) << "no verdict";
  return verdict.value_or(Checker::Verdict{});
}

}  // namespace rollcall::agent
