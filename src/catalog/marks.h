// Our own records about registrations, as a view holds them, and what they make of one.
//
// Threads: as the view that holds them.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/registration.h"
#include "catalog/text_map.h"
#include "model/records.h"
#include "model/state.h"

namespace rollcall::catalog {

// One record; immutable, shared by both copies of the view.
struct Mark {
  model::Record record;
  // False: the value cannot be read; `record` is empty.  That it is there still counts.
  bool readable = true;
  store::Revision revision = 0;  // 0: this server's own word, not (yet) in the store
};
using MarkPtr = std::shared_ptr<const Mark>;

// What a record is about: the whole key of a registration, or of a name above several
// (kMaintenance); "@server01": a host.
[[nodiscard]] std::string SubjectOf(const model::RecordPlace& place);

class Marks {
 public:
  using ByKey = TextMap<MarkPtr>;

  // Those that a view holds; of `gone` it needs to know nothing, and `owner` and
  // `advertised` are others'.
  static constexpr std::array kAreas = {model::Area::kAlive, model::Area::kLost, model::Area::kHeld,
                                        model::Area::kMaintenance, model::Area::kStopping};
  [[nodiscard]] static bool Holds(model::Area area);

  // Requires of all: Holds(area).
  [[nodiscard]] const ByKey& Of(model::Area area) const { return areas_[Index(area)]; }
  // Null: there is none.
  [[nodiscard]] const Mark* Find(model::Area area, std::string_view subject) const;
  // Null: takes it away.
  void Set(model::Area area, const std::string& subject, const MarkPtr& mark);

  // Registrations that name an owner and have no `alive` record: lost, if it lasts.
  [[nodiscard]] const TextSet& lifeless() const { return lifeless_; }
  // Of those, the ones whose owner said after how long they may be deregistered (`retain`).
  [[nodiscard]] const TextMap<std::chrono::milliseconds>& retained() const { return retained_; }
  // `held` records whose registration is in the store again, or in nobody's view.
  [[nodiscard]] const TextSet& settled() const { return settled_; }
  // `registration` (null: erased) has changed, or the record `alive` or `held` of its key.
  void LookAt(std::string_view key, const Registration* registration);

 private:
  [[nodiscard]] static std::size_t Index(model::Area area);

  std::array<ByKey, kAreas.size()> areas_;
  void LookAtLife(std::string_view key, const Registration* registration);
  void LookAtHold(std::string_view key, const Registration* registration);

  TextSet lifeless_;
  TextMap<std::chrono::milliseconds> retained_;
  TextSet settled_;
};

// The host of an owner written `agent:HOST` or `run:HOST`; else, for what names no owner,
// the host that the default instance HOST or HOST-PORT says.
[[nodiscard]] std::string_view HostOf(const Registration& registration);

// The maintenance that it is in: its own, of a name above it, or of its host.  Null: none.
[[nodiscard]] const Mark* MaintenanceOf(const Registration& registration, const Marks& marks,
                                        WallTime now);

// O(1) but where something is in maintenance: then O(depth).
[[nodiscard]] model::State StateOf(const Registration& registration, const Marks& marks,
                                   WallTime now);

}  // namespace rollcall::catalog
