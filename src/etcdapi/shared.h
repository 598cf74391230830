// What the services of one server share.  Includes gRPC: for .cc files of this room
// only.
//
// Threads: any, like its parts.
#pragma once

#include <memory>
#include <utility>

#include "etcd/rpc.pb.h"
#include "etcdapi/call.h"
#include "etcdapi/core/workers.h"
#include "etcdapi/limits.h"
#include "store/embedded/engine.h"

namespace rollcall::etcdapi {

// Answers below this are not counted: the calls they belong to take as much.
inline constexpr std::size_t kLargeOctets = std::size_t{8} << 10;

[[nodiscard]] inline Error TooManyRequests() {
  return {ErrorCode::kExhausted, "too many requests"};
}

struct Shared {
  [[nodiscard]] etcdserverpb::ResponseHeader HeaderAt(store::Revision revision) const {
    etcdserverpb::ResponseHeader header;
    header.set_cluster_id(engine.identity().cluster_id);
    header.set_member_id(engine.identity().member_id);
    header.set_revision(revision);
    header.set_raft_term(engine.identity().term);
    return header;
  }

  // Whether the caller may use the store.
  [[nodiscard]] Result<void> Admit(const grpc::ServerContext& context) const {
    return gate->has_users() ? gate->Admit(CallerOf(context)) : Result<void>{};
  }
  // `serve()` is to answer the call, if its caller is let in.
  template <typename Serve>
  void Begin(Call& call, Serve serve) const {
    if (const auto admitted = Admit(call.context()); admitted) {
      serve();
    } else {
      call.Refuse(admitted.error());
    }
  }

  // Has `read`, which answers the call, done by a reader.
  void Read(Call& call, Workers::Task read) {
    if (!readers.PostIfRoom(std::move(read), limits.ranges_waiting)) call.Refuse(TooManyRequests());
  }
  // Counts an answer of so many octets until it is sent, if it is large.  False: too much is
  // on its way.
  [[nodiscard]] bool MayAnswer(Call& call, std::size_t octets) {
    if (octets < kLargeOctets) return true;
    auto share = answer_octets.Take(octets);
    if (!share) return false;
    call.Watch(outgoing, *std::move(share));
    return true;
  }

  store::embedded::Engine& engine;
  const std::unique_ptr<Gate> gate;
  const Limits limits;
  Budget answer_octets;
  Outgoing outgoing;
  // Reads of many keys, which would hold up one of gRPC's few threads, and large answers
  // to writes, which would hold up the engine's.  Small ones are sent by the engine's
  // thread itself: handing them over costs more than sending them, on two cores.
  Workers readers{2};
};

}  // namespace rollcall::etcdapi
