#include "keeper/wants.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/marks.h"
#include "model/duration.h"
#include "model/time.h"

namespace rollcall::keeper {
namespace {

using catalog::Mark;
using catalog::Registration;
using catalog::RegistrationPtr;
using model::Area;
using Found = registry::Records::Found;
using std::chrono::milliseconds;

// However long something may take to be carried out, so long must we have seen it.
constexpr milliseconds kLongestSighting{600'000};

bool IsOwned(const Registration& registration) {
  return registration.extension && !registration.extension->owner.empty();
}

class Looker {
 public:
  Looker(const catalog::View& view, const LookOptions& options, SteadyTime now, WallTime wall_now,
         Sightings& sightings)
      : view_(view), options_(options), now_(now), wall_now_(wall_now), sightings_(sightings) {}

  Looked Look() && {
    LookAtHeld();
    LookAtLost();
    LookAtStopping();
    LookAtRetained();
    LookAtMaintenance();
    return std::move(looked_);
  }

 private:
  void LookAtHeld() {
    for (const auto& [key, mark] : Of(Area::kHeld)) {
      if (!IsOurs(key)) continue;
      ++looked_.tally.held;
      if (mark->revision != 0) continue;
      ++looked_.tally.held_here;
      if (IsFull()) continue;
      Add({.verb = Verb::kHold,
           .seen = {.key = key},
           .reason = {options_.by, mark->record.why},
           .value = mark->record.value});
    }
    for (const std::string& key : view_.marks.settled()) {
      const Mark* const mark = view_.marks.Find(Area::kHeld, key);
      if (IsFull() || !IsOurs(key) || !mark || !mark->readable) continue;
      const RegistrationPtr registration = view_.tree.FindKey(key);
      Add({.verb = Verb::kUnhold,
           .seen = {key, registration ? registration->mod_revision : 0, mark->revision}});
    }
  }

  void LookAtLost() {
    const auto& lifeless = view_.marks.lifeless();
    looked_.tally.lost = lifeless.size();
    for (const auto& [key, mark] : Of(Area::kLost)) {
      if (lifeless.contains(key) || IsFull() || !IsOurs(key) || IsHeld(key)) continue;
      const RegistrationPtr registration = view_.tree.FindKey(key);
      const bool alive = registration && IsOwned(*registration);
      Add({.verb = Verb::kForgetLost,
           .seen = {key, registration ? registration->mod_revision : 0, mark->revision},
           .found = alive ? Found::kAlive : Found::kNotOwned});
    }
    for (const std::string& key : lifeless) {
      if (IsFull()) break;
      if (view_.marks.Find(Area::kLost, key) || IsHeld(key)) continue;
      const RegistrationPtr registration = view_.tree.FindKey(key);
      if (!registration) continue;
      Add({.verb = Verb::kDateLost,
           .seen = {.key = key, .registration = registration->mod_revision},
           .reason = {options_.by,
                      fmt::format("no sign of life from {}", registration->extension->owner)}});
    }
  }

  void LookAtStopping() {
    for (const auto& [key, mark] : Of(Area::kStopping)) {
      if (!IsOurs(key)) continue;
      ++looked_.tally.stopping;
      const RegistrationPtr registration = view_.tree.FindKey(key);
      if (!registration) {
        Add({.verb = Verb::kForgetStopping, .seen = {.key = key, .record = mark->revision}});
        continue;
      }
      const model::Record& record = mark->record;
      if (!mark->readable || !record.until || IsHeld(key)) continue;
      // Of one clock, whatever ours shows.
      const auto grace = *record.until - record.since;
      const auto seen = Seen("stopping " + key, mark->revision);
      const bool past = seen >= grace || wall_now_ >= *record.until;
      if (!past || seen < std::min<WallTime::duration>(grace, kLongestSighting)) continue;
      Add({.verb = Verb::kFinishStopping,
           .seen = {key, registration->mod_revision, mark->revision},
           .reason = {record.by.empty() ? options_.by : record.by, record.why}});
    }
  }

  void LookAtRetained() {
    Tally& tally = looked_.tally;
    for (const auto& [key, retain] : view_.marks.retained()) {
      const Mark* const lost = view_.marks.Find(Area::kLost, key);
      if (!lost || !lost->readable) continue;
      ++tally.retained;
      const WallTime due = lost->record.since + retain;
      tally.next_retired = std::min(tally.next_retired.value_or(due), due);
      // Before that there is nothing to be seen that would count.
      if (wall_now_ + 2 * kLongestSighting < due) continue;
      const RegistrationPtr registration = view_.tree.FindKey(key);
      if (!registration || IsHeld(key) || IsMaintained(*registration)) continue;
      const auto seen = Seen("lost " + key, lost->revision);
      if (IsFull() || wall_now_ < due || seen < std::min(retain, kLongestSighting)) continue;
      Add({.verb = Verb::kRetire,
           .seen = {key, registration->mod_revision, lost->revision},
           .reason = {options_.by,
                      fmt::format("lost since {}, retained for {}",
                                  model::FormatTime(lost->record.since),
                                  model::FormatDuration(retain)),
                      true},
           .registration = registration});
    }
  }

  void LookAtMaintenance() {
    for (const auto& [subject, mark] : Of(Area::kMaintenance)) {
      ++looked_.tally.maintenance;
      if (!mark->readable || !mark->record.until || wall_now_ < *mark->record.until) continue;
      Want want{.verb = Verb::kEndMaintenance, .seen = {.record = mark->revision}};
      (subject.starts_with('@') ? want.host : want.seen.key) =
          subject.substr(subject.starts_with('@') ? 1 : 0);
      Add(std::move(want));
    }
  }

  // For how long it has been seen in this record.
  SteadyTime::duration Seen(const std::string& what, store::Revision record) {
    return now_ - sightings_.See(what, record, now_);
  }

  [[nodiscard]] const catalog::Marks::ByKey& Of(Area area) const { return view_.marks.Of(area); }
  [[nodiscard]] bool IsHeld(std::string_view key) const {
    return view_.marks.Find(Area::kHeld, key) != nullptr;
  }
  [[nodiscard]] bool IsMaintained(const Registration& registration) const {
    return catalog::MaintenanceOf(registration, view_.marks, wall_now_) != nullptr;
  }
  // Records of registrations under another prefix are another server's.
  [[nodiscard]] bool IsOurs(std::string_view key) const {
    const std::string& prefix = options_.prefix;
    return key.size() > prefix.size() && key.starts_with(prefix) && key[prefix.size()] == '/';
  }
  // The others another time.
  [[nodiscard]] bool IsFull() const { return looked_.wants.size() >= options_.most_wants; }
  void Add(Want want) {
    if (!IsFull()) looked_.wants.push_back(std::move(want));
  }

  const catalog::View& view_;
  const LookOptions& options_;
  const SteadyTime now_;
  const WallTime wall_now_;
  Sightings& sightings_;
  Looked looked_;
};

}  // namespace

std::string_view ToString(Verb verb) {
  constexpr std::array<std::string_view, kVerbs> kNames = {
      "hold", "unhold",          "forget_lost", "date_lost",
      "stop", "forget_stopping", "retire",      "end_maintenance"};
  return kNames[static_cast<std::size_t>(verb)];
}

std::string Want::Id() const {
  return fmt::format("{} {}@{} {} {}", static_cast<unsigned>(verb), seen.key, host,
                     seen.registration, seen.record);
}

Looked Look(const catalog::View& view, const LookOptions& options, SteadyTime now,
            WallTime wall_now, Sightings& sightings) {
  return Looker(view, options, now, wall_now, sightings).Look();
}

}  // namespace rollcall::keeper
