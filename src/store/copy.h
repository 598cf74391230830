// Moves everything from one store to another, and sees that it arrived.
//
// Knows the store contract only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace rollcall::store {

struct CopyOptions {
  // A key at the destination that says whose copy is under way there, since when: by it
  // a copy that was interrupted knows what it has brought.  Gone at the end.
  std::string mark_key;
  // Left out: keys of the source below this prefix, and for each of them the key that is
  // named behind it, without its first slash.  "": nothing is.
  std::string left_out_prefix;
  // Whether keys that the destination holds with another value are replaced.
  bool overwrite = false;
  std::int64_t page_size = 2000;  // keys
  std::chrono::milliseconds call_timeout{10'000};
  // With keys read and to be read, now and then; may be empty.
  std::function<void(std::int64_t done, std::int64_t all)> progress;
  // Asked now and then; may be empty.
  std::function<bool()> is_cancelled;
};

struct CopyReport {
  Revision revision = 0;      // of the source, as of which all of it is there
  std::int64_t keys = 0;      // that are there now
  std::int64_t written = 0;   // puts that it took
  std::int64_t removed = 0;   // deletions: what the source lost after it had been brought
  std::int64_t left_out = 0;  // see left_out_prefix
  std::int64_t others = 0;    // the destination's own, left alone
  std::size_t leases = 0;     // under their ids, with all of their time
};

// Returns when each key has been read again at both ends and is the same, and the source
// has not moved since.
//
// Each lease that holds keys is granted at the destination under its id, with its full
// time to live, and kept alive until the end: a host that is killed after the copy must
// still be noticed.
//
// Safe to run again after it was interrupted, however it was, and while the source is
// being written to.  Nobody else may write to the destination.
// kConflict: the destination holds another value of a key (named), a lease of that id
// with another time, or the mark of another copy.  kUnavailable also: the source would
// not stand still.  kCancelled.
[[nodiscard]] Result<CopyReport> Copy(Store& from, Store& to, const CopyOptions& options);

}  // namespace rollcall::store
