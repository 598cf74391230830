#include "etcdapi/no_such_method.h"

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

grpc::ServerGenericBidiReactor* NoSuchMethod::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(const std::string& why) { Finish({grpc::StatusCode::UNIMPLEMENTED, why}); }
    void OnDone() override { delete this; }
  };
  return new Reactor(WhyNotMethod(context->method()));
}

}  // namespace rollcall::etcdapi
