// Turns the messages of one etcd watch stream into batches of whole revisions.
//
// No gRPC here.  Not thread-safe: belongs to the stream's reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/etcd/core/status.h"
#include "store/store.h"

namespace rollcall::store::etcd {

// One WatchResponse, as far as we look at it.
struct WatchMessage {
  std::int64_t watch_id = 0;
  bool created = false;
  bool canceled = false;
  bool fragment = false;  // more of the same response follows
  Revision compact_revision = 0;
  std::string cancel_reason;
  std::vector<Event> events;
};

// Why the stream is over.
struct WatchEnd {
  bool compacted = false;
  Revision compact_revision = 0;  // if compacted
  RpcStatus status;               // else
};

class WatchAssembler {
 public:
  // `watches`: how many were asked for on the stream.
  explicit WatchAssembler(std::size_t watches) : missing_(watches) {}

  struct Step {
    std::optional<WatchBatch> batch;
    std::optional<WatchEnd> end;
  };
  [[nodiscard]] Step Take(WatchMessage message);

  // Every watch asked for has been confirmed.
  [[nodiscard]] bool all_created() const { return missing_ == 0; }

 private:
  std::size_t missing_;
  // Per watch, the events of a revision whose rest is in the next fragment.
  std::map<std::int64_t, std::vector<Event>> partial_;
};

}  // namespace rollcall::store::etcd
