// The verbs on our own records about registrations: what is lost, stopping, held by
// mass-loss protection or in maintenance.
//
// Each is one transaction that holds only if nothing it looked at has moved, so that any
// number of servers may do the same at once: one does it, the others are told `false`.
//
// Threads: a Records has no state of its own; any number of threads may use one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/records.h"
#include "registry/registry.h"
#include "store/store.h"

namespace rollcall::registry {

// What somebody saw of an instance, and asks for a change because of.
struct Seen {
  std::string key = {};              // of the registration, whole
  store::Revision registration = 0;  // its mod_revision; 0: it was not there
  store::Revision record = 0;        // that of the record in question; 0: it was not there
};

// Of what something is said: one instance or all below a name, or a host.
struct Subject {
  std::string key;   // whole, as in the store; "": a host
  std::string host;  // "": a key

  [[nodiscard]] std::string RecordKey(model::Area area) const;
};

// One record; the area is that of `place`.
struct ListedRecord {
  model::RecordPlace place;
  std::optional<model::Record> record;  // none: it cannot be read
  std::string problem;                  // why not
  store::Revision mod_revision = 0;
};
// Nothing: the key is none of ours.
[[nodiscard]] std::optional<ListedRecord> ReadRecord(const store::KeyValue& kv);

class Records {
 public:
  // Borrows both for its own life.
  explicit Records(store::Store& store, const Clock& clock = SystemClock())
      : store_(store), clock_(clock) {}

  // Where a verb returns Result<bool>: true, it is done; false, it is no longer as it was
  // seen, and nothing was written.

  // Dates the loss of an instance whose owner has no `alive` record; never twice.
  // Requires: the registration that was seen names an owner.
  [[nodiscard]] Result<bool> DateLost(const Seen& seen, const Reason& reason,
                                      store::Deadline deadline);
  // Takes `lost` (seen.record) away: the instance is alive, or it is no longer registered
  // (seen.registration is 0), or is now one that names no owner.
  enum class Found { kAlive, kNotOwned };
  [[nodiscard]] Result<bool> ForgetLost(const Seen& seen, Found found, store::Deadline deadline);
  // Deregisters what has been lost for as long as its owner allowed, with the mark; while
  // registration and `lost` (seen.record) are those that were seen, and it is not alive.
  [[nodiscard]] Result<bool> Retire(const Seen& seen, const Reason& reason,
                                    store::Deadline deadline);
  // Deregisters what was stopped, with the mark, while registration and `stopping`
  // (seen.record) are those that were seen.
  [[nodiscard]] Result<bool> FinishStopping(const Seen& seen, const Reason& reason,
                                            store::Deadline deadline);
  // Takes away a `stopping` record (seen.record) whose registration is not there.
  [[nodiscard]] Result<bool> ForgetStopping(const Seen& seen, store::Deadline deadline);

  // Says that the registration is served though it has vanished: `value` as it was.
  // Not if it is back, was deregistered, or is held already.
  [[nodiscard]] Result<bool> Hold(const std::string& key, const std::string& value,
                                  const Reason& reason, store::Deadline deadline);
  // Takes `held` (seen.record) away: the registration is there again, or it was
  // deregistered (seen.registration is 0).
  [[nodiscard]] Result<bool> Unhold(const Seen& seen, store::Deadline deadline);
  // Lets go what is held at `directory` or below it: in place of each `held` record stands
  // the mark of a deregistration.  Returns the keys; none: nothing was held there.
  // An error may have left some of them released.
  [[nodiscard]] Result<std::vector<std::string>> Release(const std::string& directory,
                                                         const Reason& reason,
                                                         store::Deadline deadline);

  // Until then (none: until it is ended) the subject is left out of the healthy view.
  // Replaces what was said of it before.  kInvalid: `until` is not in the future.
  [[nodiscard]] Result<void> Maintain(const Subject& subject, std::optional<WallTime> until,
                                      const Reason& reason, store::Deadline deadline);
  // kNotFound: there was none.
  [[nodiscard]] Result<void> EndMaintenance(const Subject& subject, store::Deadline deadline);
  // The same, while the record is the one that was seen.
  [[nodiscard]] Result<bool> EndMaintenance(const Subject& subject, store::Revision record,
                                            store::Deadline deadline);

  // All records of an area about what lies at `directory` or below it ("": all, and of
  // hosts), in key order and at one revision (0: the latest).
  [[nodiscard]] Result<std::vector<ListedRecord>> List(model::Area area,
                                                       const std::string& directory,
                                                       store::Deadline deadline,
                                                       store::Revision revision = 0);

 private:
  [[nodiscard]] Result<bool> Try(const store::TxnRequest& txn, store::Deadline deadline);
  [[nodiscard]] Result<bool> TakeAway(const Seen& seen, store::TxnRequest txn, const Reason& reason,
                                      store::Deadline deadline);

  store::Store& store_;
  const Clock& clock_;
};

}  // namespace rollcall::registry
