#include "store/etcd/channel.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "store/etcd/grpc_log.h"
#include "store/etcd/pem.h"

namespace rollcall::store::etcd {
namespace {

// Nobody but gRPC's backup poller looks after a connection attempt that no call
// waits for; by default it looks every 5 s (grpc/grpc#28866).  Read when gRPC
// starts, so set before main().
[[maybe_unused]] const bool kPollOften = [] {
  constexpr int kKeepUsersValue = 0;
  return ::setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "200", kKeepUsersValue) == 0;
}();

Result<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const Options& options,
                                                                  bool tls) {
  if (!tls) {
    if (options.ca_file.empty() && options.cert_file.empty() && options.key_file.empty()) {
      return grpc::InsecureChannelCredentials();
    }
    return Fail(ErrorCode::kInvalid,
                "etcd certificate files are given, but the endpoints are http, not https");
  }
  auto files = ReadPem(options);
  if (!files) return Fail(std::move(files.error()));
  grpc::SslCredentialsOptions pem;
  pem.pem_root_certs = std::move(files->ca);
  pem.pem_cert_chain = std::move(files->cert);
  pem.pem_private_key = std::move(files->key);
  return grpc::SslCredentials(pem);
}

grpc::ChannelArguments MakeArguments(const Options& options) {
  using std::chrono::milliseconds;
  const auto ms = [](milliseconds time) { return static_cast<int>(time.count()); };
  grpc::ChannelArguments arguments;
  // A peer whose packets are dropped is noticed by ping; gRPC takes the ping's
  // timeout as TCP_USER_TIMEOUT too.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, ms(options.keepalive_time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  // In spite of its name the time one connection attempt may take (gRPC's default:
  // 20 s).  Short enough not to sit out TCP's own SYN backoff (1, 2, 4, 8 s) after
  // packets were dropped; never so short that a TLS handshake cannot end in time.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, ms(options.connect_timeout));
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  // A page of 20,000 keys is above gRPC's 4 MB.
  arguments.SetMaxReceiveMessageSize(-1);
  // The cluster is a neighbour: no proxy from the environment, and no connection
  // shared with another client's backoff.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

}  // namespace

Result<std::vector<Member>> MakeMembers(const Options& options) {
  TakeOverGrpcLog();
  auto endpoints = ParseEndpoints(options.endpoints);
  if (!endpoints) return Fail(std::move(endpoints.error()));
  auto credentials = MakeCredentials(options, endpoints->front().tls);
  if (!credentials) return Fail(std::move(credentials.error()));

  std::vector<Member> members;
  for (Endpoint& endpoint : *endpoints) {
    Member member;
    // Always by gRPC's resolver, which passes addresses through: then the peer's
    // name tells whether a call got a connection, see WasSent().
    member.channel = grpc::CreateCustomChannel("dns:///" + endpoint.target, *credentials,
                                               MakeArguments(options));
    member.kv = etcdserverpb::KV::NewStub(member.channel);
    member.watch = etcdserverpb::Watch::NewStub(member.channel);
    member.lease = etcdserverpb::Lease::NewStub(member.channel);
    member.auth = etcdserverpb::Auth::NewStub(member.channel);
    member.endpoint = std::move(endpoint);
    members.push_back(std::move(member));
  }
  return members;
}

Readiness Connect(grpc::Channel& channel, SteadyTime deadline) {
  const auto until = WallDeadline(deadline);
  for (;;) {
    const grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) return Readiness::kReady;
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN) {
      return Readiness::kFailed;
    }
    if (!channel.WaitForStateChange(state, until)) return Readiness::kTimeout;
  }
}

std::chrono::system_clock::time_point WallDeadline(SteadyTime deadline) {
  using Wall = std::chrono::system_clock;
  // Far deadlines would overflow the sum; a day is for ever to an RPC.
  const auto left = std::min<SteadyTime::duration>(
      deadline - std::min(deadline, std::chrono::steady_clock::now()), std::chrono::hours(24));
  return Wall::now() + std::chrono::duration_cast<Wall::duration>(left);
}

RpcStatus FromGrpc(const grpc::Status& status) {
  return {static_cast<RpcCode>(status.error_code()), status.error_message()};
}

bool WasSent(const grpc::ClientContext& context) {
  // The transport sets the peer's address ("ipv4:...", "ipv6:...", "unix:...") as
  // it takes the request; until then gRPC names the channel's target.
  const std::string peer = context.peer();
  return !peer.empty() && !peer.starts_with("dns:");
}

}  // namespace rollcall::store::etcd
