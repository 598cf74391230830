#include "app/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "app/store_options.h"
#include "base/ascii.h"
#include "wire/name.h"

namespace rollcall::app {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

Result<std::string> SourceOf(const addrinfo& target) {
  const Socket socket(::socket(target.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (socket.fd() < 0 || connect(socket.fd(), target.ai_addr, target.ai_addrlen) != 0 ||
      getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&own), &size) != 0) {
    return Fail(ErrorCode::kUnavailable, std::strerror(errno));
  }
  char text[NI_MAXHOST];
  if (getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text, nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return Fail(ErrorCode::kInternal, "the kernel's source address cannot be written");
  }
  return std::string(text);
}

bool IsLoopback(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

}  // namespace

std::vector<std::string> OwnNames() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || *name == '\0') return {};
  std::string text = LowerCase(name);
  std::vector<std::string> names = {text.substr(0, text.find('.'))};
  if (names[0] != text) names.push_back(std::move(text));
  return names;
}

std::string ShortHostName() {
  const auto names = OwnNames();
  return names.empty() ? "" : names[0];
}

Result<std::string> SourceAddressTowards(const std::string& url) {
  const auto parts = SplitEndpoint(url);
  if (!parts) return Fail(parts.error());
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &found);
  if (error != 0) {
    return Fail(ErrorCode::kUnavailable, fmt::format("the store's host {} has no address: {}",
                                                     parts->host, gai_strerror(error)));
  }
  const AddressList list(found, &freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* target = list.get(); target != nullptr; target = target->ai_next) {
    auto source = SourceOf(*target);
    if (source) return source;
    why = source.error().message;
  }
  return Fail(ErrorCode::kUnavailable,
              fmt::format("no route to the store's host {}: {}", parts->host, why));
}

bool AllLoopback(const std::vector<std::string>& urls) {
  return !urls.empty() && std::all_of(urls.begin(), urls.end(), [](const std::string& url) {
    const auto parts = SplitEndpoint(url);
    return parts && IsLoopback(parts->host);
  });
}

std::string WhoAmI() {
  const passwd* user = getpwuid(geteuid());
  return fmt::format("{}@{}", user == nullptr ? std::to_string(geteuid()) : user->pw_name,
                     ShortHostName());
}

}  // namespace rollcall::app
