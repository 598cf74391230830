#include "agent/check_names.h"

#include <ares.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "base/quote.h"

namespace rollcall::agent {
namespace {

namespace asio = boost::asio;
using asio::ip::address;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr int kFirstTry = 500;  // ms; a check's time is short
constexpr int kTries = 3;

std::vector<address> ToAddresses(const ares_addrinfo& info) {
  std::vector<address> addresses;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, node->ai_addr, sizeof v4);
      addresses.emplace_back(asio::ip::address_v4(ntohl(v4.sin_addr.s_addr)));
    } else if (node->ai_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, node->ai_addr, sizeof v6);
      asio::ip::address_v6::bytes_type bytes;
      std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
      addresses.emplace_back(asio::ip::address_v6(bytes, v6.sin6_scope_id));
    }
  }
  return addresses;
}

// One lookup.  c-ares says which sockets it waits for; we wait, and call it.
class Lookup : public std::enable_shared_from_this<Lookup> {
 public:
  explicit Lookup(const asio::any_io_executor& executor) : executor_(executor) {}
  ~Lookup() { Close(); }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  Result<void> Start(const std::string& name, const NameServers& servers);
  // Wakes up when it is done, or `until` is past.
  asio::awaitable<void> Wait(SteadyTime until) {
    done_timer_.expires_at(until);
    if (!done_) (void)co_await done_timer_.async_wait(kAsTuple);
  }
  // Not from within c-ares.
  void Close() {
    if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
    retry_timer_.cancel();
  }
  [[nodiscard]] Result<std::vector<address>> TakeResult(const std::string& name);

 private:
  struct Socket {
    asio::posix::stream_descriptor descriptor;
    bool closed = false;
    bool want[2] = {false, false};     // to read, to write
    bool waiting[2] = {false, false};  // for that
  };

  static void OnSocket(void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<Lookup*>(self)->Want(fd, readable != 0, writable != 0);
  }
  static void OnDone(void* self, int status, int /*timeouts*/, ares_addrinfo* info) {
    static_cast<Lookup*>(self)->Finish(status, info);
  }
  void Want(ares_socket_t fd, bool read, bool write);
  void WaitFor(ares_socket_t fd, const std::shared_ptr<Socket>& socket);
  void WaitForRetry();
  void Finish(int status, ares_addrinfo* info);

  asio::any_io_executor executor_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
  asio::steady_timer retry_timer_{executor_};  // c-ares's own
  asio::steady_timer done_timer_{executor_};
  bool done_ = false;
  int status_ = ARES_ETIMEOUT;
  std::vector<address> addresses_;
};

Result<void> Lookup::Start(const std::string& name, const NameServers& servers) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  ares_options options{};
  options.timeout = kFirstTry;
  options.tries = kTries;
  options.sock_state_cb = &OnSocket;
  options.sock_state_cb_data = this;
  const int made = ares_init_options(&channel_, &options,
                                     ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (library != ARES_SUCCESS || made != ARES_SUCCESS) {
    channel_ = nullptr;
    return Fail(ErrorCode::kExhausted, fmt::format("resolver: {}", ares_strerror(made)));
  }
  if (!servers.empty() && ares_set_servers_ports_csv(channel_, servers.c_str()) != ARES_SUCCESS) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} are no name servers", Quote(servers)));
  }
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &OnDone, this);
  WaitForRetry();
  return {};
}

void Lookup::Want(ares_socket_t fd, bool read, bool write) {
  auto& socket = sockets_[fd];
  if (!read && !write) {  // c-ares closes it next
    if (socket) {
      socket->closed = true;
      socket->descriptor.release();
    }
    sockets_.erase(fd);
    return;
  }
  if (!socket) {
    socket = std::make_shared<Socket>(Socket{asio::posix::stream_descriptor(executor_)});
    error_code error;
    socket->descriptor.assign(fd, error);
    if (error) return;  // its time will run out
  }
  socket->want[0] = read;
  socket->want[1] = write;
  WaitFor(fd, socket);
}

void Lookup::WaitFor(ares_socket_t fd, const std::shared_ptr<Socket>& socket) {
  for (const int way : {0, 1}) {
    if (!socket->want[way] || std::exchange(socket->waiting[way], true)) continue;
    const auto kind = way == 0 ? asio::posix::stream_descriptor::wait_read
                               : asio::posix::stream_descriptor::wait_write;
    // Weak: what waits does not keep alive whom nobody waits for any more.
    socket->descriptor.async_wait(
        kind, [weak = weak_from_this(), socket, fd, way](const error_code& error) {
          const auto self = weak.lock();
          socket->waiting[way] = false;
          if (error || !self || socket->closed || self->channel_ == nullptr) return;
          ares_process_fd(self->channel_, way == 0 ? fd : ARES_SOCKET_BAD,
                          way == 1 ? fd : ARES_SOCKET_BAD);
          if (!socket->closed) self->WaitFor(fd, socket);
          self->WaitForRetry();
        });
  }
}

void Lookup::WaitForRetry() {
  if (done_ || channel_ == nullptr) return;
  timeval most{1, 0};
  timeval next{};
  ares_timeout(channel_, &most, &next);
  retry_timer_.expires_after(std::chrono::seconds(next.tv_sec) +
                             std::chrono::microseconds(next.tv_usec) + milliseconds(1));
  retry_timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->channel_ == nullptr) return;
    ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    self->WaitForRetry();
  });
}

void Lookup::Finish(int status, ares_addrinfo* info) {
  if (info != nullptr) {
    addresses_ = ToAddresses(*info);
    ares_freeaddrinfo(info);
  }
  // From Close(), too: nobody asks any more.
  status_ = status;
  done_ = true;
  if (channel_ != nullptr) done_timer_.cancel();
}

Result<std::vector<address>> Lookup::TakeResult(const std::string& name) {
  if (!done_ || status_ == ARES_ETIMEOUT) {
    return Fail(done_ ? ErrorCode::kUnavailable : ErrorCode::kDeadline,
                fmt::format("no name server answers for {}", name));
  }
  if (status_ == ARES_SUCCESS && !addresses_.empty()) return std::move(addresses_);
  const bool none = status_ == ARES_SUCCESS || status_ == ARES_ENOTFOUND || status_ == ARES_ENODATA;
  if (none) return Fail(ErrorCode::kNotFound, fmt::format("the name {} has no address", name));
  return Fail(status_ == ARES_ENOMEM ? ErrorCode::kExhausted : ErrorCode::kUnavailable,
              fmt::format("the address of {}: {}", name, ares_strerror(status_)));
}

}  // namespace

asio::awaitable<Result<std::vector<address>>> LookUp(std::string host, SteadyTime until,
                                                     const NameServers& servers) {
  error_code none;
  const address literal = asio::ip::make_address(host, none);
  if (!none) co_return std::vector<address>{literal};
  if (host == "localhost") {
    co_return std::vector<address>{asio::ip::address_v4::loopback(),
                                   asio::ip::address_v6::loopback()};
  }
  const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  if (auto started = lookup->Start(host, servers); !started) co_return Fail(started.error());
  co_await lookup->Wait(until);
  auto result = lookup->TakeResult(host);
  lookup->Close();
  co_return result;
}

}  // namespace rollcall::agent
