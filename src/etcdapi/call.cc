#include "etcdapi/call.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security_constants.h>

#include <utility>
#include <vector>

#include "etcdapi/core/status.h"

namespace rollcall::etcdapi {
namespace {

// A client that takes octets at this pace is one that reads.
constexpr std::size_t kSlowestPerSecond = std::size_t{256} << 10;

}  // namespace

grpc::Status ToGrpc(const Error& error) {
  const Status status = ToStatus(error);
  return {static_cast<grpc::StatusCode>(status.code), status.text};
}

Gate::Caller CallerOf(const grpc::ServerContext& context) {
  Gate::Caller caller;
  const auto& metadata = context.client_metadata();
  auto token = metadata.find("token");
  if (token == metadata.end()) token = metadata.find("authorization");
  if (token != metadata.end()) {
    caller.token.emplace(token->second.data(), token->second.size());
    return caller;
  }
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return caller;
  const auto names = auth->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  if (!names.empty()) caller.common_name.assign(names[0].data(), names[0].size());
  return caller;
}

Cutter::Cutter(grpc::ServerContext& context) : call_(context.c_call()) {
  grpc_call_ref(call_);
}

Cutter::~Cutter() {
  grpc_call_unref(call_);
}

void Cutter::Cut(const Error& why) const {
  const Status status = ToStatus(why);
  (void)grpc_call_cancel_with_status(call_, static_cast<grpc_status_code>(status.code),
                                     status.text.c_str(), nullptr);
}

void Outgoing::Add(const void* call, std::size_t octets, std::shared_ptr<Cutter> cutter) {
  const auto slowest = std::chrono::seconds(octets / kSlowestPerSecond);
  const SteadyTime end = std::chrono::steady_clock::now() + patience_ + slowest;
  calls_.Lock()->insert_or_assign(call, One{std::move(cutter), end});
}

void Outgoing::Remove(const void* call) {
  calls_.Lock()->erase(call);
}

void Outgoing::Tick(SteadyTime now) {
  std::vector<std::shared_ptr<Cutter>> late;
  {
    auto calls = calls_.Lock();
    for (const auto& [call, one] : *calls) {
      if (now > one.end) late.push_back(one.cutter);
    }
  }
  for (const auto& cutter : late) {
    cutter->Cut({ErrorCode::kUnavailable, "the answer was not read in time"});
  }
}

void Call::Watch(Outgoing& outgoing, Budget::Share share) {
  outgoing_ = &outgoing;
  share_ = std::move(share);
  outgoing.Add(this, share_.amount(), std::make_shared<Cutter>(context()));
}

Call::~Call() {
  if (outgoing_ != nullptr) outgoing_->Remove(this);
}

}  // namespace rollcall::etcdapi
