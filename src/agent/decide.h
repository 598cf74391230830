// What is to be done about one instance: what is defined, what is remembered, what the
// store holds.
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/memory.h"
#include "base/clock.h"
#include "registry/registry.h"
#include "store/store.h"

namespace rollcall::agent {

// An instance as the store has it.
struct Seen {
  std::optional<store::KeyValue> registration = {};
  std::optional<store::KeyValue> gone = {};
  std::optional<store::KeyValue> alive = {};
  std::optional<store::KeyValue> stopping = {};
};

struct Wish {
  model::Service value;      // as it shall be registered
  store::LeaseId lease = 0;  // under which; 0: it persists
  std::uint64_t hash = 0;    // of the definition
  WallTime at{};             // when that was written; the epoch: not known
  bool may_move = false;     // its name is the default, which another port may have
};

// Who asks.
struct Self {
  std::string owner;
  store::LeaseId lease = 0;
};

// What we give as the reason of a stop.
inline constexpr char kStopReason[] = "the agent was stopped";

enum class Task : std::uint8_t {
  kKeep,      // it is registered as it shall be
  kRegister,  // also over a deregistration
  kPutBack,   // it went, and nobody said that it should
  kStayAway,  // somebody deregistered it
  kYield,     // another holds it, who is alive
  kMove,      // the default name is held with another port
};
struct Decision {
  Task task = Task::kKeep;
  std::string why = {};  // kStayAway, kYield: one sentence
};

// `remembered`: null, if nothing is.
[[nodiscard]] Decision Decide(const Wish& wish, const Remembered* remembered, const Seen& seen,
                              const Self& self);

}  // namespace rollcall::agent
