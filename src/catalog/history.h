// What has changed lately, as the view showed it: what, when, and who did it and why, as far as
// somebody said so.
//
// Bounded by number and by octets, the oldest go; it begins anew with the process.  Of each entry
// there is one id, which only grows: (R, I), where R is the highest revision until then and I
// counts those that had the same.  By it one goes on where one was, see Gap.
//
// Threads: any may call anything; one lock, held for a moment.  What is handed out is immutable.
#pragma once

#include <array>
#include <compare>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "catalog/marks.h"
#include "catalog/registration.h"
#include "store/store.h"

namespace rollcall::catalog {

enum class HistoryEvent : std::uint8_t {
  kRegistered,
  kChanged,
  kDeregistered,  // with the mark that says so
  kRemoved,       // without it, and believed
  kLost,          // its owner gives no sign of life any more
  kAlive,         // gives one
  kHealth,
  kHeld,      // it vanished, and is answered all the same
  kReleased,  // was held, and let go
  kReturned,  // was held, and is in the store again
  kMaintenance,
  kMaintenanceEnded,
  kStopping,
  kResumed,
};
inline constexpr std::size_t kHistoryEvents = 14;
[[nodiscard]] std::string_view ToString(HistoryEvent event);  // "registered", ...

struct HistoryId {
  store::Revision revision = 0;
  std::uint64_t index = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 behind it for a pointer
  friend auto operator<=>(const HistoryId&, const HistoryId&) = default;
};
[[nodiscard]] std::string ToText(HistoryId id);  // "42", "42.1"
// kInvalid: neither.
[[nodiscard]] Result<HistoryId> ParseHistoryId(std::string_view text);

struct HistoryEntry {
  HistoryId id = {};             // given by Append()
  store::Revision revision = 0;  // of the change in the store; 0: this server's own word
  WallTime time{};               // when this server heard of it; given by Append()
  HistoryEvent event = HistoryEvent::kChanged;
  std::string subject = {};  // see SubjectOf()
  std::string name = {};     // the subject's in wire form; "": a host, or none can be made
  std::string by = {};
  std::string why = {};
  // Of registrations; null: there was none, or it did not change.
  RegistrationPtr before = {};
  RegistrationPtr after = {};
  // Of a record: `alive`, `maintenance`.
  MarkPtr mark_before = {};
  MarkPtr mark_after = {};
};
using HistoryEntryPtr = std::shared_ptr<const HistoryEntry>;

struct HistoryOptions {
  std::size_t most = 10'000;            // entries
  std::size_t most_octets = 32u << 20;  // about
};

class History {
 public:
  // Borrows `clock` until destroyed.
  explicit History(HistoryOptions options = {}, const Clock& clock = SystemClock());

  // Everything up to `revision` is in the view: what comes now is news.
  void Begin(store::Revision revision);
  // What became of one batch, in order.
  void Append(std::vector<HistoryEntry> entries);

  // The id of the latest, or of the beginning.
  [[nodiscard]] HistoryId last() const;
  [[nodiscard]] std::size_t size() const;
  // How many of each there were, those that are forgotten too; by HistoryEvent.
  using Counts = std::array<std::uint64_t, kHistoryEvents>;
  [[nodiscard]] Counts counts() const;

  // At most `most` entries behind `after`, the oldest first.  `gap`: some of those behind it are
  // forgotten, or it is none of this process: nothing follows from what there is.
  struct Following {
    std::vector<HistoryEntryPtr> entries;
    bool gap = false;
  };
  [[nodiscard]] Following After(HistoryId after, std::size_t most) const;
  // At most `most` entries before `before` (none: of all), the latest first.
  [[nodiscard]] std::vector<HistoryEntryPtr> Before(std::optional<HistoryId> before,
                                                    std::size_t most) const;

  // Waits until there is something behind `after`, until Wake(), or until `deadline`.
  void WaitForMore(HistoryId after, SteadyTime deadline) const;
  // Lets whoever waits, or waits next, go on.
  void Wake() const;

 private:
  struct Held {
    HistoryEntryPtr entry;
    std::size_t octets = 0;
  };
  struct Ring {
    std::deque<Held> entries;
    std::size_t octets = 0;
    HistoryId floor;  // of the last that is forgotten
    HistoryId last;
    Counts counts{};
    bool begun = false;
    bool woken = false;
  };

  const HistoryOptions options_;
  const Clock& clock_;
  mutable Guarded<Ring> ring_;
  mutable std::condition_variable changed_;
};

}  // namespace rollcall::catalog
