// What is said on a watch stream, either way, apart from how it is spelled there.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "store/embedded/watch.h"

namespace rollcall::etcdapi {

// Asks for one more watch on the stream.
struct WatchOrder {
  store::KeyRange keys = {};  // keys.begin empty: from the first key there can be
  store::Revision start = 0;
  std::int64_t id = 0;  // 0: to be chosen
  bool previous = false;
  bool progress = false;  // wants to be told, now and then, that there was nothing
  bool fragment = false;  // takes a revision in several messages
  bool puts = true;
  bool deletions = true;
};
struct WatchCancel {
  std::int64_t id = 0;
};
struct WatchProgress {};  // asks how far the stream has come
// Nothing: a request that says nothing, and gets no answer.
using WatchRequest = std::variant<std::monostate, WatchOrder, WatchCancel, WatchProgress>;

inline constexpr std::int64_t kNoWatch = -1;  // the id of what concerns none, or all

struct WatchMessage {
  std::int64_t id = kNoWatch;
  store::Revision revision = 0;  // of the store
  bool created = false;
  bool canceled = false;
  bool fragment = false;  // the rest follows at once
  store::Revision compact_revision = 0;
  std::string cancel_reason = {};
  std::vector<store::embedded::Change> changes = {};
};

}  // namespace rollcall::etcdapi
