#include "etcdapi/core/watch_set.h"

#include <iterator>
#include <utility>

#include "base/guarded.h"
#include "etcdapi/core/status.h"

namespace rollcall::etcdapi {

using store::Revision;
using store::embedded::Change;
using store::embedded::Delivery;

namespace {

std::size_t SizeOf(const Change& change) {
  return change.record->size() + (change.previous ? change.previous->size() : 0);
}

}  // namespace

// Which watches may have something, each once, in the order in which they are due.
class WatchSet::Bell {
 public:
  explicit Bell(std::function<void()> wake) : wake_(std::move(wake)) {}

  void Ring(std::int64_t id) {
    Add(id);
    wake_();
  }
  void Add(std::int64_t id) { due_.Lock()->push_back(id); }
  [[nodiscard]] std::optional<std::int64_t> Next() {
    auto due = due_.Lock();
    if (due->empty()) return std::nullopt;
    return due->pop_front();
  }

 private:
  const std::function<void()> wake_;
  Guarded<Fifo<std::int64_t>> due_;
};

WatchSet::WatchSet(store::embedded::Engine& engine, Budget& watches, const Bounds& bounds,
                   std::function<void()> wake)
    : engine_(engine),
      budget_(watches),
      bounds_(bounds),
      bell_(std::make_shared<Bell>(std::move(wake))) {
}

WatchSet::~WatchSet() = default;

// --- requests

std::string WatchSet::WhyNot(const WatchOrder& order) const {
  const std::string& end = order.keys.end;
  if (!end.empty() && end != std::string(1, '\0') && end <= order.keys.begin) {
    return "mvcc: watcher range is empty";
  }
  if (order.id != 0 && watches_.contains(order.id)) {
    return "mvcc: duplicate watch ID provided on the WatchStream";
  }
  if (watches_.size() >= bounds_.watches) {
    return ToReason({ErrorCode::kExhausted,
                     "too many watches on one stream, at most " + std::to_string(bounds_.watches)});
  }
  return {};
}

std::int64_t WatchSet::FreeId() {
  while (watches_.contains(next_id_)) ++next_id_;
  return next_id_++;
}

void WatchSet::Create(const WatchOrder& order) {
  if (std::string reason = WhyNot(order); !reason.empty()) return Refuse(std::move(reason));
  std::optional<Budget::Share> share = budget_.Take(1);
  if (!share) return Refuse(ToReason({ErrorCode::kExhausted, "too many watches"}));
  const std::int64_t id = order.id != 0 ? order.id : FreeId();
  // The answer's revision is the one behind which "from now on" begins.
  const Revision now = engine_.revision();
  store::embedded::WatchQuery query{.ranges = {order.keys},
                                    .start = order.start,
                                    .previous = order.previous,
                                    .puts = order.puts,
                                    .deletions = order.deletions};
  if (query.ranges[0].begin.empty()) query.ranges[0].begin = std::string(1, '\0');
  if (query.start == 0) query.start = now + 1;
  if (query.start < 0) query.start = 1;
  OneWatch& watch = watches_[id];
  watch.share = *std::move(share);
  watch.progress = order.progress;
  watch.fragment = order.fragment;
  watch.watcher = engine_.Watch(std::move(query), [bell = bell_, id] { bell->Ring(id); });
  bell_->Add(id);
  answers_.push_back({.id = id, .revision = now, .created = true});
}

void WatchSet::Refuse(std::string reason) {
  answers_.push_back({.revision = engine_.revision(),
                      .created = true,
                      .canceled = true,
                      .cancel_reason = std::move(reason)});
}

void WatchSet::Cancel(std::int64_t id) {
  if (watches_.erase(id) == 0) return;
  answers_.push_back({.id = id, .revision = engine_.revision(), .canceled = true});
}

void WatchSet::TellProgress() {
  for (auto& [id, watch] : watches_) {
    if (!watch.progress) continue;
    if (watch.quiet && !std::exchange(watch.awaits_progress, true)) progress_.push_back(id);
    watch.quiet = true;
  }
}

// --- what comes next

std::optional<WatchMessage> WatchSet::Next(std::size_t octets) {
  if (auto fragment = NextFragment()) return fragment;
  if (!answers_.empty()) return answers_.pop_front();
  if (auto delivery = NextDelivery(octets)) return delivery;
  return over_ ? std::nullopt : NextProgress();
}

std::optional<WatchMessage> WatchSet::NextDelivery(std::size_t octets) {
  while (const auto id = bell_->Next()) {
    const auto it = watches_.find(*id);
    if (it == watches_.end()) continue;
    OneWatch& watch = it->second;
    Delivery delivery = watch.watcher->Take({.bytes = octets});
    WatchMessage message{.id = *id, .revision = delivery.revision};
    switch (delivery.kind) {
      case Delivery::Kind::kNothing:
        continue;
      case Delivery::Kind::kClosed:
        over_ = true;
        return std::nullopt;
      case Delivery::Kind::kCompacted:
        watches_.erase(it);
        message.revision = 0;
        message.canceled = true;
        message.compact_revision = delivery.compacted;
        return message;
      case Delivery::Kind::kChanges:
        break;
    }
    bell_->Add(*id);  // behind the others
    watch.quiet = false;
    message.changes = std::move(delivery.changes);
    if (!watch.fragment) return message;
    rest_ = std::move(message);
    rest_from_ = 0;
    return NextFragment();
  }
  return std::nullopt;
}

std::optional<WatchMessage> WatchSet::NextFragment() {
  std::vector<Change>& all = rest_.changes;
  if (rest_from_ == all.size()) return std::nullopt;
  const std::size_t from = rest_from_;
  for (std::size_t octets = 0; rest_from_ < all.size(); ++rest_from_) {
    octets += SizeOf(all[rest_from_]);
    if (octets > bounds_.fragment_octets && rest_from_ > from) break;
  }
  WatchMessage message{.id = rest_.id, .revision = rest_.revision};
  message.fragment = rest_from_ < all.size();
  if (from == 0 && !message.fragment) {
    message.changes = std::exchange(all, {});
    rest_from_ = 0;
    return message;
  }
  const auto at = [&all](std::size_t index) {
    return std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(index));
  };
  message.changes.assign(at(from), at(rest_from_));
  return message;
}

std::optional<WatchMessage> WatchSet::NextProgress() {
  while (!progress_.empty()) {
    const std::int64_t id = progress_.pop_front();
    const auto it = watches_.find(id);
    if (it == watches_.end()) continue;
    it->second.awaits_progress = false;
    const auto revision = engine_.RevisionIfUpToDate({it->second.watcher.get()});
    if (revision) return WatchMessage{.id = id, .revision = *revision};
  }
  if (!asked_) return std::nullopt;
  std::vector<const store::embedded::Engine::Watcher*> all;
  all.reserve(watches_.size());
  for (const auto& [id, watch] : watches_) all.push_back(watch.watcher.get());
  const auto revision = engine_.RevisionIfUpToDate(all);
  // Else a watch is due, or will be before the others have moved on.
  if (!revision) return std::nullopt;
  asked_ = false;
  return WatchMessage{.revision = *revision};
}

}  // namespace rollcall::etcdapi
