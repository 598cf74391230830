// Every method of etcd's API that no service here has: UNIMPLEMENTED, and our way of
// doing it.  Includes gRPC: for .cc files of this room only.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <string>
#include <string_view>

namespace rollcall::etcdapi {

class NoSuchMethod final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;
};

// "/etcdserverpb.Maintenance/Snapshot" -> a sentence that says what to do instead.
[[nodiscard]] std::string WhyNotMethod(std::string_view method);

}  // namespace rollcall::etcdapi
