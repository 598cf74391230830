// Every key with its kept versions, in byte order.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <absl/container/btree_map.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/embedded/record.h"

namespace rollcall::store::embedded {

class Index {
 public:
  // The version of `key` that was current at `revision`; null: there was none.
  [[nodiscard]] Record Find(std::string_view key, Revision revision) const;

  // Calls `visit` for each key of `range` that was there at `revision`, in order.
  void Visit(const KeyRange& range, Revision revision,
             const std::function<void(const Record&)>& visit) const;

  // Requires: newer than all versions of this key.
  void Add(Record record);

  // Forgets the versions of `key` that no read at `revision` or later can see.
  void Compact(std::string_view key, Revision revision);

 private:
  using Versions = std::vector<Record>;  // oldest first, never empty
  absl::btree_map<std::string, Versions, std::less<>> keys_;
};

}  // namespace rollcall::store::embedded
