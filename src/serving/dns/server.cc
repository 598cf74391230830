#include "serving/dns/server.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <stop_token>
#include <thread>

#include "serving/dns/forwarder.h"
#include "serving/dns/shared.h"
#include "serving/dns/socket.h"
#include "serving/dns/tcp_server.h"
#include "serving/dns/udp_worker.h"

namespace rollcall::serving::dns {
namespace {

// The largest datagram that both IPv4 and IPv6 can carry.
constexpr std::uint16_t kMostUdp = 65'487;
// A free port found by TCP may be taken for UDP.
constexpr int kPortTries = 16;

answer::ResponderOptions ResponderOptionsOf(const Options& options) {
  answer::ResponderOptions result;
  result.max_udp_size =
      std::clamp(options.max_udp_size, static_cast<std::uint16_t>(wire::kMinUdpSize), kMostUdp);
  result.nsid = options.nsid;
  return result;
}

// Those that this process may run on, where taskset(1), a cpuset or CPUAffinity= leave it some of
// the machine's: two workers on one processor only take turns.
unsigned ProcessorsOfOurs() {
  cpu_set_t ours;
  if (sched_getaffinity(0, sizeof ours, &ours) == 0) return static_cast<unsigned>(CPU_COUNT(&ours));
  return std::max(1u, std::thread::hardware_concurrency());  // more than a cpu_set_t can tell
}

unsigned WorkersOf(const Options& options) {
  return options.udp_workers != 0 ? options.udp_workers : ProcessorsOfOurs();
}

// The sockets of one address.  TCP is bound first: it is the one that notices
// another server there, and that finds a port for port 0.
struct Bound {
  Fd tcp;
  std::vector<Fd> udp;
};

Result<Bound> BindOnce(const SocketAddress& address, unsigned workers) {
  Bound bound;
  auto tcp = ListenTcp(address);
  if (!tcp) return Fail(std::move(tcp.error()));
  bound.tcp = std::move(*tcp);
  const SocketAddress actual = BoundAddress(bound.tcp);
  for (unsigned i = 0; i < workers; ++i) {
    auto udp = BindUdp(actual);
    if (!udp) return Fail(std::move(udp.error()));
    bound.udp.push_back(std::move(*udp));
  }
  return bound;
}

Result<Bound> Bind(const Address& address, unsigned workers) {
  const auto wanted = ToSocketAddress(address);
  if (!wanted) return Fail(wanted.error());
  auto bound = BindOnce(*wanted, workers);
  for (int i = 1; !bound && address.port == 0 && i < kPortTries; ++i) {
    bound = BindOnce(*wanted, workers);
  }
  return bound;
}

}  // namespace

class Server::Impl {
 public:
  Impl(catalog::Publisher& publisher, StandingSource standing, const answer::Zones& zones,
       Options options)
      : options_(std::move(options)),
        standing_(std::move(standing)),
        shared_{.publisher = publisher,
                .zones = zones,
                .standing = standing_,
                .responder = ResponderOptionsOf(options_),
                .forwarder = nullptr,
                .forward_for_all = options_.forward_for_all,
                .book = options_.book} {}

  ~Impl() { Stop(); }

  Result<void> Start() {
    RaiseDescriptorLimit();
    std::vector<Fd> listeners;
    std::vector<Fd> sockets;
    for (const Address& address : options_.listen) {
      auto bound = Bind(address, WorkersOf(options_));
      if (!bound) return Fail(std::move(bound.error()));
      bound_.push_back(FromSocketAddress(BoundAddress(bound->tcp).get()));
      listeners.push_back(std::move(bound->tcp));
      for (Fd& udp : bound->udp) sockets.push_back(std::move(udp));
    }
    if (auto started = StartForwarder(); !started) return started;
    tcp_ = std::make_unique<TcpServer>(
        shared_, TcpLimits{.idle = options_.tcp_idle, .connections = options_.tcp_connections});
    for (Fd& socket : sockets) {
      workers_.push_back(std::make_unique<UdpWorker>(shared_, std::move(socket)));
    }
    tcp_->Start(std::move(listeners));
    for (const auto& worker : workers_) {
      threads_.emplace_back([w = worker.get()](const std::stop_token& stop) { w->Run(stop); });
    }
    return {};
  }

  // What the forwarder still finds out goes out by the workers' sockets and by TCP,
  // so it ends before they do.
  void Stop() {
    if (tcp_) tcp_->BeginStop();
    for (std::jthread& thread : threads_) thread.request_stop();
    for (const auto& worker : workers_) worker->Wake();
    threads_.clear();
    if (forwarder_) forwarder_->Stop();
    if (tcp_) tcp_->Stop();
  }

  [[nodiscard]] std::vector<Address> bound() const { return bound_; }

  [[nodiscard]] Counters counters() const {
    Counters sum;
    for (const auto& worker : workers_) worker->counters().AddTo(sum);
    if (tcp_) tcp_->counters().AddTo(sum);
    if (forwarder_) forwarder_->counters().AddTo(sum);
    return sum;
  }

 private:
  Result<void> StartForwarder() {
    if (options_.forward.empty()) return {};
    for (const Address& upstream : options_.forward) {
      if (std::find(bound_.begin(), bound_.end(), upstream) != bound_.end()) {
        return Fail(ErrorCode::kInvalid,
                    fmt::format("cannot forward to {}: that is this server", ToText(upstream)));
      }
    }
    Forwarder::Options forward;
    forward.upstreams = options_.forward;
    forward.timeout = options_.forward_timeout;
    forward.in_flight = options_.forward_in_flight;
    forward.cache_entries = options_.forward_cache;
    forward.responder = shared_.responder;
    forwarder_ = std::make_unique<Forwarder>(shared_.publisher, shared_.zones, standing_,
                                             std::move(forward));
    shared_.forwarder = forwarder_.get();
    return forwarder_->Start();
  }

  const Options options_;
  const StandingSource standing_;
  Shared shared_;
  std::vector<Address> bound_;
  std::vector<std::unique_ptr<UdpWorker>> workers_;
  std::unique_ptr<TcpServer> tcp_;
  // Destroyed before both: what waits in it refers to them.
  std::unique_ptr<Forwarder> forwarder_;
  std::vector<std::jthread> threads_;
};

Server::Server(catalog::Publisher& publisher, StandingSource standing, const answer::Zones& zones,
               Options options)
    : impl_(std::make_unique<Impl>(publisher, std::move(standing), zones, std::move(options))) {
}
Server::~Server() = default;
Result<void> Server::Start() {
  return impl_->Start();
}
void Server::Stop() {
  impl_->Stop();
}
std::vector<Address> Server::bound() const {
  return impl_->bound();
}
Counters Server::counters() const {
  return impl_->counters();
}

}  // namespace rollcall::serving::dns
