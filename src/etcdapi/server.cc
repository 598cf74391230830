#include "etcdapi/server.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "etcdapi/core/listeners.h"
#include "etcdapi/core/relief.h"
#include "etcdapi/kv_service.h"
#include "etcdapi/lease_service.h"
#include "etcdapi/listen.h"
#include "etcdapi/member_services.h"
#include "etcdapi/named_methods.h"
#include "etcdapi/rpc.h"
#include "etcdapi/watch_service.h"

namespace rollcall::etcdapi {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMostTick{1000};
constexpr milliseconds kLeastTick{5};
// Of calls that are under way when the server stops.
constexpr milliseconds kGrace{1000};
// Above the largest request there may be, so that one that is slightly too large gets
// etcd's sentence; as etcd.
constexpr std::size_t kRequestOverhead = std::size_t{512} << 10;

void SetArguments(grpc::ServerBuilder& builder, const Limits& limits) {
  // etcdctl and clientv3 ping every 10 s.  gRPC takes more than one ping in five
  // minutes for an attack and closes the connection.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  // A client whose machine died holds its streams until it is missed; one that is cut off comes
  // back, and has two.  So it is missed no later than its lease ends, by default.  Agents are never
  // asked: they renew that every ten seconds.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 15'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 15'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // So that one connection cannot have all the calls there may be.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(limits.calls / 2));
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.request_octets + kRequestOverhead));
  builder.SetMaxSendMessageSize(-1);
  // Of what thousands of connections hold for nobody's use: 3 KB for each of them.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_TCP_TX_ZEROCOPY_MAX_SIMULT_SENDS, 0);
  // The buffer that a connection waits with grows with what comes; by itself it begins with 8 KB,
  // and stays there (SetEnvironment()).
  builder.AddChannelArgument(GRPC_ARG_TCP_READ_CHUNK_SIZE, 512);
  // Requests are read before we are asked.  Beyond this gRPC resets those that it has
  // not yet read whole, so that many who begin a large one and do not end it cannot fill
  // our memory.
  builder.SetResourceQuota(grpc::ResourceQuota("etcdapi").Resize(limits.transport_octets));
}

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// Where clients find a server that listens there.
std::string UrlOf(ListenAddress address, bool tls) {
  const bool any = address.host.empty() || address.host == "0.0.0.0" || address.host == "::";
  if (any) address.host = HostName();
  return (tls ? "https://" : "http://") + address.ToString();
}

Result<std::vector<ListenAddress>> ParseAll(const std::vector<std::string>& texts) {
  if (texts.empty()) return Fail(ErrorCode::kInvalid, "no address to listen at");
  std::vector<ListenAddress> addresses;
  for (const std::string& text : texts) {
    auto address = ListenAddress::Parse(text);
    if (!address) return Fail(std::move(address.error()));
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

}  // namespace

// A server from Start() to Stop().
class Server::Running {
 public:
  Running(store::embedded::Engine& engine, std::unique_ptr<Gate> gate, const Limits& limits)
      : shared_{engine, std::move(gate), limits, Budget(limits.answer_octets),
                Outgoing(limits.patience)},
        kv_(shared_),
        watch_(shared_),
        lease_(shared_),
        cluster_(shared_),
        maintenance_(shared_),
        auth_(shared_) {}

  ~Running() {
    ticker_.request_stop();
    if (ticker_.joinable()) ticker_.join();
    listeners_.Stop();
    if (!server_) return;
    watch_.Close();
    lease_.Close();
    // Before gRPC tells that it goes away: a connection that has heard so is closed behind
    // its last stream, now and then without that one's status.
    const SteadyTime limit = std::chrono::steady_clock::now() + kGrace;
    watch_.WaitForEnd(limit);
    lease_.WaitForEnd(limit);
    server_->Shutdown(std::chrono::system_clock::now() + kGrace);
    queue_->Close();
    server_.reset();
  }

  [[nodiscard]] Result<void> Listen(const ServerOptions& options) {
    auto addresses = ParseAll(options.listen_addresses);
    if (!addresses) return Fail(std::move(addresses.error()));
    for (ListenAddress& address : *addresses) {
      const auto port = listeners_.Listen(address.host, address.port);
      if (!port) return Fail(port.error());
      address.port = std::to_string(*port);
      bound_.push_back(address.ToString());
    }
    const auto credentials =
        MakeCredentials({options.cert_file, options.key_file, options.client_ca_file});
    if (!credentials) return Fail(credentials.error());
    grpc::ServerBuilder builder;
    SetArguments(builder, options.limits);
    auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, *credentials);
    for (grpc::Service* service : services_) builder.RegisterService(service);
    named_.Register(builder);
    queue_.emplace(builder.AddCompletionQueue(), options.limits.calls);
    server_ = builder.BuildAndStart();
    if (!server_) return Fail(ErrorCode::kInternal, "gRPC does not start a server");
    Present(options, *addresses);
    kv_.Serve(*queue_, named_);
    watch_.Serve(*queue_);
    lease_.Serve(*queue_, named_);
    cluster_.Serve(named_);
    maintenance_.Serve(named_);
    auth_.Serve(named_);
    named_.Serve(*queue_);
    queue_->Start();
    listeners_.Start([acceptor = std::shared_ptr(std::move(acceptor))](int fd, int listener) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.fd = fd;
      connection.listener_fd = listener;
      acceptor->HandleNewConnection(&connection);
    });
    ticker_ = std::jthread([this](const std::stop_token& stop) { Tick(stop); });
    return {};
  }

  [[nodiscard]] const std::vector<std::string>& bound() const { return bound_; }

  [[nodiscard]] ServerFigures figures() const {
    return {.calls = queue_->calls(),
            .watch_streams = watch_.streams(),
            .watches = watch_.watches(),
            .lease_streams = lease_.streams(),
            .watch_octets = watch_.octets(),
            .answer_octets = shared_.answer_octets.held(),
            .watch_streams_ended = watch_.given_up()};
  }

 private:
  void Present(const ServerOptions& options, const std::vector<ListenAddress>& addresses) {
    Card card{options.name, options.advertised_urls};
    if (card.client_urls.empty()) {
      for (const ListenAddress& address : addresses) {
        card.client_urls.push_back(UrlOf(address, !options.cert_file.empty()));
      }
    }
    cluster_.Present(std::move(card));
  }

  void Tick(const std::stop_token& stop) {
    const Limits& limits = shared_.limits;
    const milliseconds pause =
        std::clamp(std::min(limits.patience, limits.progress) / 4, kLeastTick, kMostTick);
    Relief relief(std::chrono::steady_clock::now());
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      stopped.wait_for(lock, stop, pause, [] { return false; });
      const SteadyTime now = std::chrono::steady_clock::now();
      watch_.Tick(now);
      shared_.outgoing.Tick(now);
      if (relief.IsDue(watch_.streams_ended(), now)) (void)malloc_trim(0);
    }
  }

  Shared shared_;
  KvService kv_;
  WatchService watch_;
  LeaseService lease_;
  ClusterService cluster_;
  MaintenanceService maintenance_;
  AuthService auth_;
  const std::array<grpc::Service*, 3> services_{&kv_, &watch_, &lease_};
  NamedMethods named_;
  std::optional<Queue> queue_;
  std::unique_ptr<grpc::Server> server_;
  Listeners listeners_;
  std::vector<std::string> bound_;
  std::jthread ticker_;
};

void SetEnvironment() {
  // An experiment of gRPC 1.51 that is on by itself: a connection waits with 8 KB, whatever
  // GRPC_ARG_TCP_READ_CHUNK_SIZE says.
  (void)setenv("GRPC_EXPERIMENTS", "-tcp_read_chunks", 0);
}

Server::Server(store::embedded::Engine& engine, ServerOptions options)
    : engine_(engine), options_(std::move(options)) {
}

Server::~Server() = default;

Result<void> Server::Start() {
  auto gate = Gate::Open({.users_file = options_.users_file}, SystemClock());
  if (!gate) return Fail(std::move(gate.error()));
  auto running = std::make_unique<Running>(engine_, *std::move(gate), options_.limits);
  if (auto listening = running->Listen(options_); !listening) return listening;
  running_ = std::move(running);
  return {};
}

const std::vector<std::string>& Server::bound() const {
  return running_->bound();
}

ServerFigures Server::figures() const {
  return running_->figures();
}

void Server::Stop() {
  running_.reset();
}

}  // namespace rollcall::etcdapi
