// Methods that are found by their name when a call comes: those that are seldom called, and
// every method of etcd's API that no service here has (UNIMPLEMENTED, and our way of doing it).
//
// gRPC keeps a table of all other methods for each connection, 160 octets for each of them:
// with ten thousand agents that is what counts.  Includes gRPC: for .cc files of this room
// only.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "etcdapi/rpc.h"

namespace rollcall::etcdapi {

class NamedMethods {
 public:
  void Register(grpc::ServerBuilder& builder) { builder.RegisterAsyncGenericService(&service_); }

  // `serve(Unary<Request, Response>&)` is called for each call of `method`
  // ("/etcdserverpb.KV/Compact"), as ServeUnary() would.  Before Serve().
  template <typename Request, typename Response, typename Handler>
  void Add(std::string method, Handler serve) {
    methods_.emplace(std::move(method), [serve](Rpc& rpc) {
      auto call = std::make_unique<NamedCall<Request, Response>>(rpc);
      const grpc::Status parsed =
          grpc::SerializationTraits<Request>::Deserialize(&rpc.octets, &call->request);
      if (!parsed.ok()) return rpc.Finish(parsed, nullptr);
      auto& unary = *call;
      rpc.Keep(std::move(call));
      serve(static_cast<Unary<Request, Response>&>(unary));
    });
  }

  void Serve(Queue& queue);

 private:
  // One call under way; deletes itself when gRPC is done with it.
  class Rpc final : private Queue::Guest {
   public:
    Rpc(Queue& queue, NamedMethods& methods);

    [[nodiscard]] grpc::ServerContext& context() { return context_; }
    void Keep(std::unique_ptr<Call> call) { call_ = std::move(call); }
    // The last word, with the answer if the status is OK; it may be gone when this returns.
    void Finish(const grpc::Status& status, const grpc::ByteBuffer* answer);

    grpc::ByteBuffer octets;  // of the request

   private:
    void OnArrived(bool ok);
    void OnRead(bool ok);
    void OnAnswered(bool) { delete this; }

    NamedMethods& methods_;
    Budget::Share place_;
    grpc::GenericServerContext context_;
    grpc::GenericServerAsyncReaderWriter line_{&context_};
    std::unique_ptr<Call> call_;
    const std::function<void(Rpc&)>* serve_ = nullptr;
    EventOf<Rpc, &Rpc::OnArrived> arrived_{*this};
    EventOf<Rpc, &Rpc::OnRead> read_{*this};
    EventOf<Rpc, &Rpc::OnAnswered> answered_{*this};
  };

  template <typename Request, typename Response>
  class NamedCall final : public Unary<Request, Response> {
   public:
    explicit NamedCall(Rpc& rpc) : rpc_(rpc) {}

    [[nodiscard]] grpc::ServerContext& context() override { return rpc_.context(); }
    void Finish(const grpc::Status& status) override {
      grpc::ByteBuffer answer;
      bool own_buffer = false;
      if (status.ok()) {
        (void)grpc::SerializationTraits<Response>::Serialize(this->response, &answer, &own_buffer);
      }
      rpc_.Finish(status, status.ok() ? &answer : nullptr);
    }

   private:
    Rpc& rpc_;
  };

  grpc::AsyncGenericService service_;
  std::map<std::string, std::function<void(Rpc&)>, std::less<>> methods_;
};

// "/etcdserverpb.Maintenance/Snapshot" -> a sentence that says what to do instead.
[[nodiscard]] std::string WhyNotMethod(std::string_view method);

}  // namespace rollcall::etcdapi
