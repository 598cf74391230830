#include "store/etcd/cluster.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/log.h"

namespace rollcall::store::etcd {
namespace {

SteadyTime Now() {
  return std::chrono::steady_clock::now();
}

bool Silent(const RpcStatus& status) {
  return status.code == RpcCode::kDeadlineExceeded;
}

}  // namespace

std::string Cluster::Login::CurrentPassword() const {
  if (password_file.empty()) return password;
  std::ifstream file(password_file);
  std::string line;
  if (!std::getline(file, line)) return password;
  if (line.ends_with('\r')) line.pop_back();
  return line.empty() ? password : line;
}

Cluster::Cluster(std::vector<Member> members, Login login)
    : members_(std::move(members)),
      login_(std::move(login)),
      picker_(EndpointPicker(members_.size())) {
}

void Cluster::AddMetadata(grpc::ClientContext& context, const std::string& token) {
  // Else a member cut off from the others takes the call and stays silent.
  context.AddMetadata("hasleader", "true");
  if (!token.empty()) context.AddMetadata("token", token);
}

Result<void> Cluster::Call(Effect effect, const Rpc& rpc, Deadline deadline) {
  return Try(
      effect,
      [&](std::size_t index, const std::string& token, Deadline share) {
        grpc::ClientContext context;
        // A write that has left is waited for: its share would only end in doubt.
        context.set_deadline(WallDeadline(effect == Effect::kWrite ? deadline : share));
        AddMetadata(context, token);
        const RpcStatus status = FromGrpc(rpc(members_[index], context));
        return Outcome{status, status.ok() || WasSent(context)};
      },
      deadline);
}

Result<void> Cluster::Try(Effect effect, const Attempt& attempt, Deadline deadline) {
  const std::vector<std::size_t> order = picker_.Lock()->Order(Now());
  std::vector<std::size_t> silent;
  Outcome outcome;
  std::size_t asked = order.front();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const SteadyTime now = Now();
    if (i > 0 && now >= deadline) break;
    asked = order[i];
    outcome = TryMember(asked, attempt, ShareOf(now, deadline, order.size() - i));
    if (!IsMemberFailure(outcome.status)) {
      NoteAnswer(asked, silent);
      if (outcome.status.ok()) return {};
      break;
    }
    picker_.Lock()->MarkFailed(asked, Now());
    HintAtTls(members_[asked], outcome.status);
    if (Silent(outcome.status)) silent.push_back(asked);
    const bool untouched = !outcome.sent || IsRefusedUntouched(outcome.status);
    if (effect == Effect::kWrite && !untouched) break;
  }
  Error error = ToError(outcome.status, members_[asked].endpoint.name);
  if (error.code == ErrorCode::kRefused) {
    error.message +=
        login_.user.empty() ? " (no user was named)" : " (as user " + login_.user + ")";
  }
  return Fail(std::move(error));
}

Cluster::Outcome Cluster::TryMember(std::size_t index, const Attempt& attempt, Deadline deadline) {
  Member& member = members_[index];
  // After kFailed the call goes on: it fails at once, and says why.
  if (Connect(*member.channel, deadline) == Readiness::kTimeout) {
    return {{RpcCode::kDeadlineExceeded, "no connection in the time given"}, false};
  }
  Outcome outcome;
  for (int round = 0; round < 2; ++round) {
    std::string token;
    if (!login_.user.empty()) {
      outcome = Authenticate(member, deadline, token);
      if (!outcome.status.ok()) return outcome;
    }
    outcome = attempt(index, token, deadline);
    if (login_.user.empty()) break;
    // A token names the log's index at which it was given, and etcd has a call wait until
    // it has come that far: for ever, if it was restored from a backup meanwhile.
    if (Silent(outcome.status)) DropToken();
    if (!IsTokenFailure(outcome.status)) break;
    DropToken();
  }
  return outcome;
}

Cluster::Outcome Cluster::Authenticate(Member& member, Deadline deadline, std::string& token) {
  if (auto cached = token_.Lock(); cached->has_value()) {
    token = **cached;
    return {};
  }
  grpc::ClientContext context;
  context.set_deadline(WallDeadline(deadline));
  etcdserverpb::AuthenticateRequest request;
  request.set_name(login_.user);
  request.set_password(login_.CurrentPassword());
  etcdserverpb::AuthenticateResponse response;
  const RpcStatus status = FromGrpc(member.auth->Authenticate(&context, request, &response));
  // A cluster without authentication takes every call, so a user is no mistake:
  // it may be switched on later.
  if (!status.ok() && !IsAuthDisabled(status)) return {status, /*sent=*/false};
  token = response.token();
  *token_.Lock() = token;
  return {};
}

void Cluster::DropToken() {
  token_.Lock()->reset();
}

void Cluster::StreamFailed(std::size_t member) {
  picker_.Lock()->MarkFailed(member, Now());
}

void Cluster::NoteAnswer(std::size_t index, const std::vector<std::size_t>& silent) {
  ever_answered_ = true;
  if (picker_.Lock()->MarkAnswered(index)) {
    failovers_.fetch_add(1);
    log::Warn("etcd member took over", {{"endpoint", members_[index].endpoint.name}});
  }
  if (silent.empty()) return;
  // The cluster is well, so the silent members are not: their streams would stay
  // open and deliver nothing until the connection's keepalive gives up.
  auto streams = streams_.Lock();
  for (const auto& [key, stream] : *streams) {
    if (std::find(silent.begin(), silent.end(), stream.member) != silent.end()) stream.abandon();
  }
}

void Cluster::HintAtTls(const Member& member, const RpcStatus& status) {
  const auto says = [&](std::string_view text) {
    return status.message.find(text) != std::string::npos;
  };
  if (!member.endpoint.tls) {
    const bool closed = says("Socket closed") || says("reset by peer");
    if (!closed || ever_answered_ || hinted_.exchange(true)) return;
    log::Warn(
        "etcd closes the connection without an answer; if it asks for TLS, name it as https://",
        {{"endpoint", member.endpoint.name}});
    return;
  }
  const bool theirs = says("certificate verify failed") || says("Verification Check failed");
  // A member that stops and starts may fail a handshake, but not with a wrong certificate.
  const bool may_pass = says("refused") || (ever_answered_ && !theirs);
  if (may_pass || hinted_.exchange(true)) return;
  log::Warn(theirs ? "the certificate of etcd is not accepted: it is of no authority in the CA "
                     "file, has expired, or is for another name or address"
                   : "no answer from etcd over TLS yet; a member that does not accept our client "
                     "certificate closes the connection without saying so (its own log does)",
            {{"endpoint", member.endpoint.name}, {"error", status.message}});
}

void Cluster::Subscribe(const void* stream, std::size_t member, std::function<void()> abandon) {
  streams_.Lock()->emplace(stream, Stream{member, std::move(abandon)});
}

void Cluster::Unsubscribe(const void* stream) {
  streams_.Lock()->erase(stream);
}

}  // namespace rollcall::store::etcd
