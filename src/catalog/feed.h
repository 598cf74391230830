// Keeps the view true to the store: list at one revision, watch from the next,
// resume after any break, list again and apply the difference when the history is
// gone or the store was replaced.
//
// Knows the store contract only; no gRPC here, so that all of it runs under the
// thread sanitizer against the store in memory with faults injected.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/delay_histogram.h"
#include "catalog/history.h"
#include "catalog/last_known.h"
#include "catalog/publisher.h"
#include "catalog/weigher.h"
#include "store/store.h"

namespace rollcall::catalog {

struct FeedOptions {
  std::string prefix = "/skydns";   // normalized, see model::NormalizePrefix
  ProtectOptions protect;           // against mass loss
  std::vector<wire::Name> zones;    // in each of which losses are weighed
  LastKnown* last_known = nullptr;  // keeps what is served, borrowed as the store; may be null
  History* history = nullptr;       // is told what changes, borrowed as the store; may be null
  std::int64_t page_size = 20'000;  // keys, of the first page
  std::int64_t most_page = 100'000;
  std::chrono::milliseconds contact_interval{3000};
  std::chrono::milliseconds contact_timeout{2000};
  std::chrono::milliseconds stale_after{10'000};
  std::chrono::milliseconds call_timeout{5000};  // one page of a list
  std::chrono::milliseconds retry_first{50};
  std::chrono::milliseconds retry_most{500};
  // A wrong password costs the store 60 ms of a processor each time, and is not mended by
  // asking again.
  std::chrono::milliseconds retry_refused{2000};
  // Called when the store turns out to be another one than before (cluster id
  // changed, or its revision went back), with the serial served until now; whoever
  // wires the program raises the serial offset in the store.  Called again, ever more
  // seldom, until an offset that is high enough has come from the store; till then a
  // provisional one keeps the serial from going back.  On a thread of
  // the feed's own, under no lock; must end by itself.  May be empty.
  std::function<void(std::uint32_t serial_before, store::Revision revision_now)> on_new_epoch;
};

// Figures for metrics and tests; all but `invalid` and `held` only grow.
struct FeedCounters {
  std::uint64_t lists = 0;          // whole lists done
  std::uint64_t watches = 0;        // watches started
  std::uint64_t events = 0;         // events applied
  std::uint64_t contacts = 0;       // contact proofs that succeeded
  std::uint64_t lease_queries = 0;  // times a lease was asked for
  std::uint64_t epochs = 0;         // times the store was another one than before
  std::uint64_t invalid[4] = {};    // keys that have one now, by model::Flaw
  std::uint64_t held = 0;           // registrations that are answered and not in the store now
  DelayHistogram propagation;       // of events: from the store's word until every answer has them
};

class Feed {
 public:
  // Borrows `store`, `publisher` and `clock` until destroyed.
  Feed(store::Store& store, Publisher& publisher, FeedOptions options,
       const Clock& clock = SystemClock());
  ~Feed();  // stops; bounded by the deadlines of the store calls in flight
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // What was served when the program last ran: it is from now on, as stale, until the
  // store has been listed.  Before Start(), and before readers are to see anything.
  void Restore(LastKnownContents contents);
  void Start();

  // Lock-free; any thread.  Read once per batch of queries.
  [[nodiscard]] Standing standing() const;
  // Zero while never synced.
  [[nodiscard]] SteadyTime last_contact() const;
  // When the view was last known to be that of the store, be it before the program began.
  // None: never.
  [[nodiscard]] std::optional<SteadyTime> sure_at() const;
  [[nodiscard]] FeedCounters counters() const;

  // Waits until the view has reached `revision`, of a registration, and is synced.  False: it had
  // not by the deadline.
  [[nodiscard]] bool WaitForRevision(store::Revision revision, SteadyTime deadline) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::catalog
