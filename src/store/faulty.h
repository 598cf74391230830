// A store that fails on command: hands every call to another store, and puts the
// faults of a network and of a cluster in between.  For tests of what must survive
// them; no test needs a real outage.
//
// Threads: as Store; faults may be set and lifted from any thread, also while
// calls are under way.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <set>

#include "base/guarded.h"
#include "store/store.h"

namespace rollcall::store {

class FaultyStore : public Store {
 public:
  enum class Call { kRange, kTxn, kStartWatch, kGrant, kKeepAlive, kRevoke, kTimeToLive };

  // Borrows `target` until destroyed or switched away from.
  explicit FaultyStore(Store& target);
  ~FaultyStore() override;

  // The next `times` calls of this kind fail at once; after FailAlways(), all
  // do until Mend().
  void FailNext(Call call, int times, ErrorCode code);
  void FailAlways(Call call, ErrorCode code);
  // Every call waits until its deadline and watches fall silent, as when packets
  // are dropped.  Mend() lets waiting calls go on.
  void Hang();
  void Mend();  // all of the above
  // Every watch that is open now ends with `code`.
  void BreakWatches(ErrorCode code = ErrorCode::kUnavailable);
  // From now on another store answers: replaced, or restored from a backup.  Breaks
  // the watches, unless they are to be left deaf.
  enum class Watches { kBreak, kLeave };
  void SwitchTo(Store& target, Watches watches = Watches::kBreak);
  // Answers headers with this cluster id; 0: the store's own.
  void AnswerAs(std::uint64_t cluster_id);

  [[nodiscard]] int calls(Call call) const;

  Result<RangeResponse> Range(const RangeRequest& request, Deadline deadline) override;
  Result<TxnResponse> Txn(const TxnRequest& request, Deadline deadline) override;
  Result<std::unique_ptr<Watch>> StartWatch(const WatchRequest& request,
                                            Deadline deadline) override;
  Result<Lease> LeaseGrant(std::chrono::seconds ttl, LeaseId id, Deadline deadline) override;
  Result<std::chrono::seconds> LeaseKeepAlive(LeaseId id, Deadline deadline) override;
  Result<void> LeaseRevoke(LeaseId id, Deadline deadline) override;
  Result<LeaseTimes> LeaseTimeToLive(LeaseId id, Deadline deadline) override;

 private:
  class FaultyWatch;
  struct Fault {
    int times = 0;  // -1: until mended
    ErrorCode code = ErrorCode::kUnavailable;
  };
  struct State {
    Store* target = nullptr;
    bool hanging = false;
    std::uint64_t cluster_id = 0;
    std::map<Call, Fault> faults;
    std::map<Call, int> calls;
    std::set<FaultyWatch*> watches;
  };

  // Who shall answer this call, or how it fails.
  [[nodiscard]] Result<Store*> Pass(Call call, Deadline deadline);
  void Disguise(Header& header) const;

  mutable Guarded<State> state_;
  std::condition_variable mended_;
};

}  // namespace rollcall::store
