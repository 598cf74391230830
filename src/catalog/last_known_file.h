// The file in which the catalog keeps what it serves, for a start while the store is away.
//
// It is read whole or not at all, and never gone on with: LMDB trusts the list of its
// free pages, and a damaged one would end who writes.  Each start makes a new file, which
// takes the name once all of a list is in it; until then the old one stays.
//
// Threads: none of its own; one at a time.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/last_known_format.h"
#include "store/store.h"

namespace rollcall::catalog {

struct LastKnownContents {
  LastKnownHeader header;
  std::vector<store::KeyValue> records;
};

// In a process of its own first, since a page that is damaged kills who follows it: before
// the first thread.  `meanwhile` is called while that is under way, unless it does not come to
// that, and may begin threads.
// kNotFound: there is none.  kInternal: any of it is damaged.  kRefused: of another format
// or prefix.  kUnavailable: it cannot be read.
[[nodiscard]] Result<LastKnownContents> ReadLastKnown(const std::string& file,
                                                      std::string_view prefix,
                                                      const std::function<void()>& meanwhile = {});

// What becomes of a key.
struct LastKnownChange {
  std::string_view key;
  const store::KeyValue* put = nullptr;  // null: it goes
};

class LastKnownFile {
 public:
  // A new one, in place of any other.
  [[nodiscard]] static Result<LastKnownFile> Make(const std::string& file);
  LastKnownFile(LastKnownFile&&) noexcept;
  LastKnownFile& operator=(LastKnownFile&&) noexcept;
  ~LastKnownFile();

  // In one transaction, or, where there is much, in several that put before they take
  // away and show the new header last: the file is always one that may be served.
  // kExhausted: the disk is full; the same may be tried again.  Any other error: what the
  // disk holds is unknown, make another file.
  [[nodiscard]] Result<void> Write(std::vector<LastKnownChange> changes,
                                   const LastKnownHeader& header);

  // Gives it another name, durably, whatever had it before.
  [[nodiscard]] Result<void> Rename(const std::string& file);
  // Whether it is what its name leads to.
  [[nodiscard]] bool IsThere() const;

  [[nodiscard]] std::uint64_t records() const;
  [[nodiscard]] std::uint64_t octets() const;  // of the disk

 private:
  struct State;
  explicit LastKnownFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rollcall::catalog
