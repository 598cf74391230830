// Reads a range key by key, in pages, all of it at one revision.
#pragma once

#include <cstdint>
#include <utility>

#include "base/result.h"
#include "store/store.h"

namespace rollcall::store {

// Threads: one.
class Pages {
 public:
  // Borrows `store`.  `revision` 0: the latest.
  Pages(Store& store, KeyRange keys, std::int64_t page_size, std::chrono::milliseconds call_timeout,
        Revision revision = 0)
      : store_(store),
        rest_(std::move(keys)),
        page_size_(page_size),
        call_timeout_(call_timeout),
        revision_(revision) {}

  // The next one in byte order, until the next call; null: that was all.
  // kCompacted: the revision is no longer kept, begin again.
  [[nodiscard]] Result<const KeyValue*> Next() {
    if (next_ == page_.kvs.size() && more_) {
      if (auto ok = ReadPage(); !ok) return Fail(std::move(ok.error()));
    }
    return next_ < page_.kvs.size() ? &page_.kvs[next_++] : nullptr;
  }

  // After the first Next(): at which all of it is read, and how many there are.
  [[nodiscard]] Revision revision() const { return revision_; }
  [[nodiscard]] std::int64_t count() const { return count_; }

 private:
  [[nodiscard]] Result<void> ReadPage() {
    auto page = store_.Range({.keys = rest_, .revision = revision_, .limit = page_size_},
                             After(call_timeout_));
    if (!page) return Fail(std::move(page.error()));
    page_ = *std::move(page);
    next_ = 0;
    if (revision_ == 0) revision_ = page_.header.revision;
    if (!std::exchange(begun_, true)) count_ = page_.count;
    more_ = page_.more && !page_.kvs.empty();
    if (more_) rest_.begin = page_.kvs.back().key + '\0';
    return {};
  }

  Store& store_;
  KeyRange rest_;
  const std::int64_t page_size_;
  const std::chrono::milliseconds call_timeout_;
  Revision revision_;
  bool begun_ = false;
  std::int64_t count_ = 0;
  RangeResponse page_;
  std::size_t next_ = 0;
  bool more_ = true;
};

}  // namespace rollcall::store
