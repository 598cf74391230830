// Who wrote a registration and why: the record `registered` beside it; internal to this room.
//
// It is a word about one write, for the history: written in the same transaction, it has the
// registration's revision, and counts only while it has.  So what somebody puts by hand later is
// never said to be his, and the record need not stay: it goes with the registration, or with a
// lease of a day.  All that are written in one hour share that lease, or there would be one for
// each change of each instance.
//
// Threads: one.
#pragma once

#include <chrono>
#include <string_view>

#include "registry/registry.h"
#include "store/store.h"

namespace rollcall::registry {

class Signature {
 public:
  static constexpr std::chrono::seconds kTtl{24 * 3600};

  // Nothing is written where `reason.by` is empty.  Borrows `store`.
  Signature(store::Store& store, const Reason& reason, WallTime now, store::Deadline deadline);

  // To the transaction that writes the registration.
  void AddTo(store::TxnRequest& txn, std::string_view registration_key) const;

  // The transaction that it was added to has failed so.  True: it may be because of us; AddTo()
  // has something else to say now, and it is worth another try.  A registration is never refused
  // for want of its signature.
  [[nodiscard]] bool Mends(const Error& error);

 private:
  store::Store& store_;
  const Reason reason_;
  const WallTime now_;
  const store::Deadline deadline_;
  bool signs_ = false;
  bool granted_ = false;  // the hour's lease, by us or by others
};

}  // namespace rollcall::registry
