// Which registrations of a name a question is about: its leading selectors, and the name
// behind them (interfaces: `_healthy.node.prom.internal`).  Internal to the room.
#pragma once

#include "answer/task.h"
#include "wire/name.h"

namespace rollcall::answer {

// A name as it is looked up.  Records made of it are owned by the name that was asked for,
// selectors and all; targets and glue have plain names.
struct Selection {
  wire::NameView name;   // without selectors
  bool healthy = false;  // only what is in a healthy state

  // Whether it keeps a registration that is at or below `name`.
  [[nodiscard]] bool Keeps(const Task& task, const catalog::Registration& registration) const;
};

// Requires: `asked` is at or below `zone`.
[[nodiscard]] Selection Select(const Zone& zone, wire::NameView asked);

}  // namespace rollcall::answer
