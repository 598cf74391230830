// How registrations are, by our own records about them, for those who read the store
// itself: the same that a server makes of both.
//
// Threads: one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/marks.h"
#include "model/records.h"
#include "model/state.h"
#include "registry/records.h"
#include "registry/registry.h"
#include "store/store.h"

namespace rollcall::app {

struct Condition {
  // None: the registration cannot be read.
  std::optional<model::State> state;
  std::optional<WallTime> since;  // of that state; none: nobody knows
  std::string why;                // "": nobody said
  // What else is said of it, whether or not it makes the state.
  std::optional<model::Record> maintenance;
  std::optional<model::Record> held;
  std::optional<model::Record> stopping;

  friend bool operator==(const Condition&, const Condition&) = default;
};

class Conditions {
 public:
  // Reads what is said of all that is at `directory` or below it, at one revision.
  [[nodiscard]] Result<void> Read(registry::Records& records, const std::string& directory,
                                  store::Revision revision, store::Deadline deadline);
  // The ranges that Read() reads, for watching them.
  [[nodiscard]] static std::vector<store::KeyRange> RangesOf(const std::string& directory);
  // A change in one of them.  Nothing: it is none of ours.  Else: about what, see
  // catalog::SubjectOf().
  std::optional<std::string> Apply(const store::Event& event);

  // `prefix`: by which names are made of keys, see registry::NamingPrefix().
  [[nodiscard]] Condition Of(const registry::Listed& item, const std::string& prefix,
                             WallTime now) const;
  // The value of a registration that is held; nothing: it is not.
  [[nodiscard]] std::optional<std::string> HeldValue(const std::string& key) const;
  // All that is held, in key order: as `registry` describes what stood there.
  [[nodiscard]] std::vector<registry::Listed> Held(const registry::Registry& registry) const;

 private:
  void Set(const registry::ListedRecord& record);

  catalog::Marks marks_;
};

// "-" if it is not known.
[[nodiscard]] std::string TimeText(const std::optional<WallTime>& time);

}  // namespace rollcall::app
