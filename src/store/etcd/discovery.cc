#include "store/etcd/discovery.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

namespace rollcall::store::etcd {
namespace {

struct Target {
  std::uint16_t priority;
  std::uint16_t weight;
  std::string host_and_port;
};

// One question, and what came of it.
struct Lookup {
  std::string scheme;
  int status = ARES_ECANCELLED;
  std::vector<Target> targets;
};

struct FreeReply {
  void operator()(ares_srv_reply* reply) const { ares_free_data(reply); }
};

// c-ares calls this once for each query, at the latest from ares_cancel().
void TakeReply(void* argument, int status, int /*timeouts*/, unsigned char* bytes, int size) {
  auto& lookup = *static_cast<Lookup*>(argument);
  lookup.status = status;
  if (status != ARES_SUCCESS) return;
  ares_srv_reply* raw = nullptr;
  lookup.status = ares_parse_srv_reply(bytes, size, &raw);
  const std::unique_ptr<ares_srv_reply, FreeReply> replies(raw);
  for (const auto* reply = replies.get(); reply != nullptr; reply = reply->next) {
    const std::string host = reply->host;
    // RFC 2782: the root as target says that there is decidedly no such service.
    if (host.empty() || host == ".") continue;
    lookup.targets.push_back(
        {reply->priority, reply->weight, host + ':' + std::to_string(reply->port)});
  }
}

class Resolver {
 public:
  Resolver() = default;
  ~Resolver() {
    if (channel_ != nullptr) ares_destroy(channel_);
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  Result<void> Init(const std::vector<std::string>& servers);
  void Ask(const std::string& name, Lookup& lookup) {
    ares_query(channel_, name.c_str(), ns_c_in, ns_t_srv, TakeReply, &lookup);
  }
  // Until all questions are answered or given up, or `deadline` is past.
  void Run(SteadyTime deadline);

 private:
  ares_channel channel_ = nullptr;
};

Result<void> Resolver::Init(const std::vector<std::string>& servers) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  ares_options options{};
  options.timeout = 1000;  // ms, of the first try
  options.tries = 3;
  const int made = ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
  if (library != ARES_SUCCESS || made != ARES_SUCCESS) {
    return Fail(ErrorCode::kInternal, std::string("resolver: ") + ares_strerror(made));
  }
  if (servers.empty()) return {};
  std::string list;
  for (const std::string& server : servers) list += (list.empty() ? "" : ",") + server;
  if (ares_set_servers_ports_csv(channel_, list.c_str()) != ARES_SUCCESS) {
    return Fail(ErrorCode::kInvalid, "name server '" + list + "' is not of the form ADDRESS:PORT");
  }
  return {};
}

void Resolver::Run(SteadyTime deadline) {
  for (;;) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const int wanted = ares_getsock(channel_, sockets.data(), ARES_GETSOCK_MAXNUM);
    std::vector<pollfd> polled;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      short events = 0;
      if (ARES_GETSOCK_READABLE(wanted, i)) events |= POLLIN;
      if (ARES_GETSOCK_WRITABLE(wanted, i)) events |= POLLOUT;
      if (events != 0) polled.push_back({sockets[i], events, 0});
    }
    if (polled.empty()) return;

    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return ares_cancel(channel_);
    timeval most{left.count() / 1000, (left.count() % 1000) * 1000};
    timeval next{};
    ares_timeout(channel_, &most, &next);
    const auto wait = next.tv_sec * 1000 + next.tv_usec / 1000 + 1;
    const int ready = poll(polled.data(), polled.size(), static_cast<int>(wait));
    if (ready <= 0) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // timeouts
    for (const pollfd& fd : polled) {
      if (ready <= 0 || fd.revents == 0) continue;
      ares_process_fd(channel_, (fd.revents & ~POLLOUT) != 0 ? fd.fd : ARES_SOCKET_BAD,
                      (fd.revents & POLLOUT) != 0 ? fd.fd : ARES_SOCKET_BAD);
    }
  }
}

std::vector<std::string> ToUrls(Lookup lookup) {
  std::stable_sort(
      lookup.targets.begin(), lookup.targets.end(), [](const Target& a, const Target& b) {
        return a.priority != b.priority ? a.priority < b.priority : a.weight > b.weight;
      });
  std::vector<std::string> urls;
  for (const Target& target : lookup.targets) {
    urls.push_back(lookup.scheme + "://" + target.host_and_port);
  }
  return urls;
}

bool IsNegative(int status) {
  return status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA;
}

}  // namespace

Result<std::vector<std::string>> Discover(const DiscoveryOptions& options, SteadyTime deadline) {
  if (options.domain.empty()) return Fail(ErrorCode::kInvalid, "no domain to find etcd in");
  std::array<Lookup, 2> lookups;
  Resolver resolver;  // after what its queries point at
  if (auto made = resolver.Init(options.servers); !made) return Fail(std::move(made.error()));
  lookups[0].scheme = "https";
  lookups[1].scheme = "http";
  resolver.Ask("_etcd-client-ssl._tcp." + options.domain, lookups[0]);
  resolver.Ask("_etcd-client._tcp." + options.domain, lookups[1]);
  resolver.Run(deadline);

  const std::string what = "SRV records of etcd below '" + options.domain + "'";
  // In this order: plain text only where it is certain that there is nothing better,
  // else whoever can drop an answer could have it.
  for (Lookup& lookup : lookups) {
    if (!lookup.targets.empty()) return ToUrls(std::move(lookup));
    if (IsNegative(lookup.status)) continue;
    const bool bad_name = lookup.status == ARES_EBADNAME;
    return Fail(bad_name ? ErrorCode::kInvalid : ErrorCode::kUnavailable,
                what + ": " + ares_strerror(lookup.status));
  }
  return Fail(ErrorCode::kNotFound, "no " + what);
}

}  // namespace rollcall::store::etcd
