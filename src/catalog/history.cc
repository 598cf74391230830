#include "catalog/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/quote.h"

namespace rollcall::catalog {
namespace {

std::size_t OctetsOf(const RegistrationPtr& registration) {
  if (!registration) return 0;
  std::size_t octets = sizeof(Registration) + registration->key.size() + registration->name.size() +
                       registration->service.host.size() + registration->service.text.size();
  if (registration->extension) {
    octets += sizeof(model::Extension);
    for (const auto* texts : {&registration->extension->labels, &registration->extension->params}) {
      for (const auto& [name, value] : *texts) octets += 96 + name.size() + value.size();
    }
    for (const std::string& tag : registration->extension->tags) octets += 32 + tag.size();
  }
  return octets;
}

std::size_t OctetsOf(const MarkPtr& mark) {
  return mark ? sizeof(Mark) + mark->record.by.size() + mark->record.why.size() +
                    mark->record.value.size()
              : 0;
}

// What an entry keeps in memory, were it the only one to do so.
std::size_t OctetsOf(const HistoryEntry& entry) {
  return sizeof entry + entry.subject.size() + entry.name.size() + entry.by.size() +
         entry.why.size() + OctetsOf(entry.before) + OctetsOf(entry.after) +
         OctetsOf(entry.mark_before) + OctetsOf(entry.mark_after);
}

template <typename Number>
bool ReadNumber(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end && number >= 0;
}

}  // namespace

std::string_view ToString(HistoryEvent event) {
  switch (event) {
    case HistoryEvent::kRegistered:
      return "registered";
    case HistoryEvent::kChanged:
      return "changed";
    case HistoryEvent::kDeregistered:
      return "deregistered";
    case HistoryEvent::kRemoved:
      return "removed";
    case HistoryEvent::kLost:
      return "lost";
    case HistoryEvent::kAlive:
      return "alive";
    case HistoryEvent::kHealth:
      return "health";
    case HistoryEvent::kHeld:
      return "held";
    case HistoryEvent::kReleased:
      return "released";
    case HistoryEvent::kReturned:
      return "returned";
    case HistoryEvent::kMaintenance:
      return "maintenance";
    case HistoryEvent::kMaintenanceEnded:
      return "maintenance_ended";
    case HistoryEvent::kStopping:
      return "stopping";
    case HistoryEvent::kResumed:
      return "resumed";
  }
  return "changed";
}

std::string ToText(HistoryId id) {
  return id.index == 0 ? std::to_string(id.revision) : fmt::format("{}.{}", id.revision, id.index);
}

Result<HistoryId> ParseHistoryId(std::string_view text) {
  HistoryId id;
  const std::size_t dot = text.find('.');
  const bool whole = dot == text.npos;
  if (!ReadNumber(text.substr(0, dot), id.revision) ||
      (!whole && !ReadNumber(text.substr(dot + 1), id.index))) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} is neither a revision nor the id of a change", Quote(text)));
  }
  return id;
}

History::History(HistoryOptions options, const Clock& clock) : options_(options), clock_(clock) {
}

void History::Begin(store::Revision revision) {
  auto ring = ring_.Lock();
  if (std::exchange(ring->begun, true)) return;
  ring->floor = ring->last = {revision, 0};
}

void History::Append(std::vector<HistoryEntry> entries) {
  if (entries.empty()) return;
  const WallTime now = clock_.WallNow();
  {
    auto ring = ring_.Lock();
    for (HistoryEntry& entry : entries) {
      HistoryId& last = ring->last;
      last = entry.revision > last.revision ? HistoryId{entry.revision, 0}
                                            : HistoryId{last.revision, last.index + 1};
      entry.id = last;
      entry.time = now;
      ++ring->counts[static_cast<std::size_t>(entry.event)];
      const std::size_t octets = OctetsOf(entry);
      ring->octets += octets;
      ring->entries.push_back({std::make_shared<const HistoryEntry>(std::move(entry)), octets});
      while (ring->entries.size() > options_.most || ring->octets > options_.most_octets) {
        ring->octets -= ring->entries.front().octets;
        ring->floor = ring->entries.front().entry->id;
        ring->entries.pop_front();
      }
    }
  }
  changed_.notify_all();
}

HistoryId History::last() const {
  return ring_.Lock()->last;
}

std::size_t History::size() const {
  return ring_.Lock()->entries.size();
}

History::Counts History::counts() const {
  return ring_.Lock()->counts;
}

History::Following History::After(HistoryId after, std::size_t most) const {
  Following following;
  auto ring = ring_.Lock();
  following.gap = after < ring->floor || after > ring->last;
  if (following.gap) return following;
  const auto& entries = ring->entries;
  auto at = std::partition_point(entries.begin(), entries.end(),
                                 [&](const Held& held) { return held.entry->id <= after; });
  for (; at != entries.end() && following.entries.size() < most; ++at) {
    following.entries.push_back(at->entry);
  }
  return following;
}

std::vector<HistoryEntryPtr> History::Before(std::optional<HistoryId> before,
                                             std::size_t most) const {
  std::vector<HistoryEntryPtr> found;
  auto ring = ring_.Lock();
  const auto& entries = ring->entries;
  auto at = before
                ? std::partition_point(entries.begin(), entries.end(),
                                       [&](const Held& held) { return held.entry->id < *before; })
                : entries.end();
  while (at != entries.begin() && found.size() < most) found.push_back((--at)->entry);
  return found;
}

void History::WaitForMore(HistoryId after, SteadyTime deadline) const {
  auto ring = ring_.Lock();
  ring.WaitUntil(changed_, deadline, [&] { return ring->woken || ring->last > after; });
  ring->woken = false;
}

void History::Wake() const {
  ring_.Lock()->woken = true;
  changed_.notify_all();
}

}  // namespace rollcall::catalog
