#include "etcdapi/named_methods.h"

#include <array>
#include <utility>

namespace rollcall::etcdapi {

std::string WhyNotMethod(std::string_view method) {
  constexpr std::string_view kPackage = "/etcdserverpb.";
  const std::string said(method);
  if (!method.starts_with(kPackage)) return "rollcall has no " + said;
  method.remove_prefix(kPackage.size());
  using Row = std::pair<std::string_view, std::string_view>;
  // By the beginning of the name: later versions of etcd add to each kind.
  static constexpr std::array<Row, 7> kInstead = {{
      {"Maintenance/Snapshot", "use `rollcall store backup`"},
      {"Maintenance/MoveLeader", "rollcall's store is one node and leads itself"},
      {"Maintenance/Downgrade", "install the older rollcall"},
      {"Cluster/", "rollcall's store is one node; `rollcall store copy` moves it to a cluster"},
      {"Auth/", "rollcall reads its users from the file of --store.users-file"},
      {"Lease/", "rollcall does not have it"},
      {"KV/", "rollcall does not have it"},
  }};
  for (const auto& [beginning, instead] : kInstead) {
    if (method.starts_with(beginning)) return said + ": " + std::string(instead);
  }
  return said + ": rollcall does not have it";
}

NamedMethods::Rpc::Rpc(Queue& queue, NamedMethods& methods)
    : Queue::Guest(queue), methods_(methods) {
  methods_.service_.RequestCall(&context_, &line_, queue.get(), queue.get(), arrived_.tag());
}

void NamedMethods::Rpc::OnArrived(bool ok) {
  if (!ok) return delete this;  // the server has been shut down
  new Rpc(queue(), methods_);
  auto place = queue().TakeCall();
  if (!place) {
    Cutter(context_).Cut(Queue::TooManyCalls());
    return Finish(ToGrpc(Queue::TooManyCalls()), nullptr);
  }
  place_ = *std::move(place);
  const auto method = methods_.methods_.find(context_.method());
  if (method == methods_.methods_.end()) {
    return Finish({grpc::StatusCode::UNIMPLEMENTED, WhyNotMethod(context_.method())}, nullptr);
  }
  serve_ = &method->second;
  line_.Read(&octets, read_.tag());
}

void NamedMethods::Rpc::OnRead(bool ok) {
  if (!ok) return Finish({grpc::StatusCode::INTERNAL, "the request is missing"}, nullptr);
  (*serve_)(*this);
}

void NamedMethods::Rpc::Finish(const grpc::Status& status, const grpc::ByteBuffer* answer) {
  if (answer != nullptr) {
    line_.WriteAndFinish(*answer, {}, status, answered_.tag());
  } else {
    line_.Finish(status, answered_.tag());
  }
}

void NamedMethods::Serve(Queue& queue) {
  for (int i = 0; i < kAccepts; ++i) new Rpc(queue, *this);
}

}  // namespace rollcall::etcdapi
