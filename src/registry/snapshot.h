// What the store holds about one instance before a verb changes it; internal to
// this room.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/layout.h"
#include "store/store.h"

namespace rollcall::registry {

// How often a verb begins anew: each lost race means that somebody else won one.
inline constexpr int kTries = 32;

// How an instance is named: outright, or by its host and port.
struct Candidates {
  std::string service;
  std::string instance;  // "": HOST, or HOST-PORT where HOST is held with another port
  std::string host;
  std::int64_t port = 0;  // 0: HOST, whatever its port
};

// One instance and our records about it, all at one revision.
struct Snapshot {
  std::string key;
  std::optional<store::KeyValue> registration;
  std::optional<store::KeyValue> gone;
  std::optional<store::KeyValue> alive;
  std::optional<store::KeyValue> stopping;
  std::optional<store::KeyValue> held;

  // The conditions under which all of it is still so.
  [[nodiscard]] std::vector<store::Compare> Unmoved() const;

  // kMoved: the registration (0: none) is at another revision than this, if one is named.
  [[nodiscard]] Result<void> CheckAt(std::optional<store::Revision> revision) const;
};

// Reads the store once, and settles which key is meant.
[[nodiscard]] Result<Snapshot> TakeSnapshot(store::Store& store, const Layout& layout,
                                            const Candidates& candidates, store::Deadline deadline);

}  // namespace rollcall::registry
