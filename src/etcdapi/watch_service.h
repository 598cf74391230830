// etcd's Watch service.  Includes gRPC: for .cc files of this room only.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <vector>

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/core/watch_talk.h"
#include "etcdapi/rpc.h"
#include "etcdapi/shared.h"

namespace rollcall::etcdapi {

// Raw: its messages are written without an object (encode.h).
using WatchStream = Stream<grpc::ByteBuffer, grpc::ByteBuffer>;
using WatchBase = etcdserverpb::Watch::WithRawMethod_Watch<etcdserverpb::Watch::Service>;

class WatchService final : public WatchBase {
 public:
  explicit WatchService(Shared& shared);

  void Serve(Queue& queue);

  // Now and then: see WatchTalk::Tick().
  void Tick(SteadyTime now);
  // Ends all streams; those that come later are refused.
  void Close();
  // Until the last words of all are on their way, or `limit`.
  void WaitForEnd(SteadyTime limit);

  [[nodiscard]] std::size_t streams() const { return budget_.held(); }
  [[nodiscard]] std::size_t watches() const { return setup_.watches.held(); }
  [[nodiscard]] std::size_t octets() const { return setup_.octets.held(); }
  [[nodiscard]] std::uint64_t given_up() const { return setup_.given_up; }
  [[nodiscard]] std::uint64_t streams_ended() const { return streams_ended_; }

 private:
  class Watcher;
  struct Talks {
    absl::flat_hash_set<std::shared_ptr<WatchTalk>> all;
    bool closed = false;
  };
  void OnWatch(WatchStream& stream);
  // Why there can be no further stream.
  [[nodiscard]] Result<Budget::Share> Admit();
  // False: closed meanwhile.
  [[nodiscard]] bool Add(const std::shared_ptr<WatchTalk>& talk);
  void Remove(const std::shared_ptr<WatchTalk>& talk);
  [[nodiscard]] std::vector<std::shared_ptr<WatchTalk>> All() const;

  Shared& shared_;
  Budget budget_;  // of streams
  WatchSetup setup_;
  mutable Guarded<Talks> talks_;
  std::condition_variable ended_;
  std::atomic<std::uint64_t> streams_ended_{0};  // for whatever reason
  Workers pump_{2};                              // last: its turns use the others
};

}  // namespace rollcall::etcdapi
