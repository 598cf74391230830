// Which registrations of a name a question is about: its leading selectors, and the name
// behind them (interfaces: `_shard0of4._healthy.node.prom.internal`).  Internal to the room.
#pragma once

#include "answer/task.h"
#include "wire/name.h"

namespace rollcall::answer {

// A name as it is looked up.  Records made of it are owned by the name that was asked for,
// selectors and all; targets and glue have plain names.
struct Selection {
  wire::NameView name;   // without selectors
  bool healthy = false;  // only what is in a healthy state
  unsigned shard = 0;    // only what belongs to it, see model::ShardOf()
  unsigned shards = 0;   // of so many; 0: all

  // Whether it may leave something out.
  [[nodiscard]] bool selects() const { return healthy || shards != 0; }
  // Whether it keeps a registration that is at or below `name`.
  [[nodiscard]] bool Keeps(const Task& task, const catalog::Registration& registration) const;
};

// Each selector once, in any order; a second shard is no selector, and so a label of a name
// that nobody can have.
// Requires: `asked` is at or below `zone`.
[[nodiscard]] Selection Select(const Zone& zone, wire::NameView asked);

}  // namespace rollcall::answer
