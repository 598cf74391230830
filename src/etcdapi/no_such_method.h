// Every method of etcd's API that no service here has: UNIMPLEMENTED, and our way of
// doing it.  Includes gRPC: for .cc files of this room only.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <string>
#include <string_view>

#include "etcdapi/rpc.h"

namespace rollcall::etcdapi {

class NoSuchMethod {
 public:
  void Register(grpc::ServerBuilder& builder) { builder.RegisterAsyncGenericService(&service_); }
  void Serve(Queue& queue);

 private:
  class Rpc;
  grpc::AsyncGenericService service_;
};

// "/etcdserverpb.Maintenance/Snapshot" -> a sentence that says what to do instead.
[[nodiscard]] std::string WhyNotMethod(std::string_view method);

}  // namespace rollcall::etcdapi
