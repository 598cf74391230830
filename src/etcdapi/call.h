// One RPC under way, as the services see it.  Includes gRPC: for .cc files of this room
// only.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "etcdapi/core/budget.h"
#include "etcdapi/core/gate.h"

namespace rollcall::etcdapi {

[[nodiscard]] grpc::Status ToGrpc(const Error& error);

// What the caller shows at the gate.
[[nodiscard]] Gate::Caller CallerOf(const grpc::ServerContext& context);

// Ends an RPC at once, from any thread, whatever of it still waits to be sent.  May be
// kept for longer than the RPC lasts.
class Cutter {
 public:
  explicit Cutter(grpc::ServerContext& context);
  ~Cutter();
  Cutter(const Cutter&) = delete;
  Cutter& operator=(const Cutter&) = delete;

  void Cut(const Error& why) const;

 private:
  grpc_call* const call_;
};

// Large answers on their way: whoever does not take one within our patience, or very
// slowly, loses it.
// Threads: any.
class Outgoing {
 public:
  explicit Outgoing(std::chrono::milliseconds patience) : patience_(patience) {}

  void Add(const void* call, std::size_t octets, std::shared_ptr<Cutter> cutter);
  void Remove(const void* call);
  void Tick(SteadyTime now);

 private:
  struct One {
    std::shared_ptr<Cutter> cutter;
    SteadyTime end;
  };
  const std::chrono::milliseconds patience_;
  Guarded<absl::flat_hash_map<const void*, One>> calls_;
};

// A unary call under way; lives until gRPC is done with it (rpc.h).
// Threads: the last word comes from any, once; the client goes when it likes.
class Call {
 public:
  Call() = default;
  virtual ~Call();  // by itself
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] grpc::ServerContext& context() { return context_; }
  // The client waits no longer, as far as is known: of Range only (rpc.h).
  [[nodiscard]] bool gone() const { return gone_; }
  // The answer is large: keeps `share`, its octets, until it has gone or is given up.
  void Watch(Outgoing& outgoing, Budget::Share share);
  // The last word; the call may be gone when it returns.
  void Answer() { Finish(grpc::Status::OK); }
  void Refuse(const Error& error) { Finish(ToGrpc(error)); }
  // The same, without waiting until the client reads it.
  void Cut(const Error& error) {
    Cutter(context_).Cut(error);
    Refuse(error);
  }
  virtual void Finish(const grpc::Status& status) = 0;

 protected:
  void SetGone() { gone_ = true; }

 private:
  grpc::ServerContext context_;
  std::atomic<bool> gone_{false};
  Outgoing* outgoing_ = nullptr;
  Budget::Share share_;
};

}  // namespace rollcall::etcdapi
