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

class NoSuchMethod::Rpc final : private Queue::Guest {
 public:
  Rpc(Queue& queue, grpc::AsyncGenericService& service) : Queue::Guest(queue), service_(service) {
    service_.RequestCall(&context_, &line_, queue.get(), queue.get(), arrived_.tag());
  }

 private:
  void OnArrived(bool ok) {
    if (!ok) return delete this;  // the server has been shut down
    new Rpc(queue(), service_);
    auto place = queue().TakeCall();
    if (place) {
      place_ = *std::move(place);
    } else {
      Cutter(context_).Cut(Queue::TooManyCalls());
    }
    line_.Finish({grpc::StatusCode::UNIMPLEMENTED, WhyNotMethod(context_.method())},
                 answered_.tag());
  }
  void OnAnswered(bool) { delete this; }

  grpc::AsyncGenericService& service_;
  Budget::Share place_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter line_{&context_};
  EventOf<Rpc, &Rpc::OnArrived> arrived_{*this};
  EventOf<Rpc, &Rpc::OnAnswered> answered_{*this};
};

void NoSuchMethod::Serve(Queue& queue) {
  for (int i = 0; i < kAccepts; ++i) new Rpc(queue, service_);
}

}  // namespace rollcall::etcdapi
