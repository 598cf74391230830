#include "store/etcd/core/watch_assembler.h"

#include <iterator>
#include <utility>

namespace rollcall::store::etcd {
namespace {

WatchEnd EndOf(const WatchMessage& message) {
  if (message.compact_revision != 0) return {true, message.compact_revision, {}};
  return {false, 0, ParseCancelReason(message.cancel_reason)};
}

// Takes the last revision's events off the end: the next fragment may go on with
// them.
std::vector<Event> SplitLastRevision(std::vector<Event>& events) {
  const Revision last = events.back().kv.mod_revision;
  auto first_of_last = events.end();
  while (first_of_last != events.begin() && std::prev(first_of_last)->kv.mod_revision == last) {
    --first_of_last;
  }
  std::vector<Event> tail(std::make_move_iterator(first_of_last),
                          std::make_move_iterator(events.end()));
  events.erase(first_of_last, events.end());
  return tail;
}

}  // namespace

WatchAssembler::Step WatchAssembler::Take(WatchMessage message) {
  Step step;
  if (message.created && missing_ > 0) --missing_;
  if (message.canceled) {
    step.end = EndOf(message);
    return step;
  }

  std::vector<Event> events = std::move(message.events);
  if (const auto before = partial_.find(message.watch_id); before != partial_.end()) {
    before->second.insert(before->second.end(), std::make_move_iterator(events.begin()),
                          std::make_move_iterator(events.end()));
    events = std::move(before->second);
    partial_.erase(before);
  }
  if (events.empty()) return step;  // confirmation or progress
  if (message.fragment) partial_[message.watch_id] = SplitLastRevision(events);
  if (!events.empty()) {
    const Revision revision = events.back().kv.mod_revision;
    step.batch = WatchBatch{revision, std::move(events)};
  }
  return step;
}

}  // namespace rollcall::store::etcd
