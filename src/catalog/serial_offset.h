// Chooses the offset that makes the SOA serial of a revision, so that what is
// served never goes backwards (RFC 1982): not when the store is replaced by one
// with lower revisions, not while the raised offset has not yet arrived from it.
//
// Threads: none of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "store/store.h"

namespace rollcall::catalog {

class SerialOffset {
 public:
  // What has to be raised in the store: the serial at `at` must be above `above`.
  struct Wanted {
    std::uint32_t above = 0;
    store::Revision at = 0;
  };

  // The store's record holds this offset since `revision`.  False: no news.
  bool Told(std::uint32_t offset, store::Revision revision);
  // The view at `revision` was served with this offset before a restart: what is served
  // from now on does not go back behind it.
  void Resume(std::uint32_t offset, store::Revision revision);
  // Another store: its record has not been read yet.
  void Forget() { told_.reset(); }

  // The offset for the view at `revision`, from now on.  That of the store, if the
  // serial does not go back by it; else a provisional one.
  [[nodiscard]] std::uint32_t Choose(store::Revision revision);

  // As last chosen; 0 before.
  [[nodiscard]] std::uint32_t offset() const { return offset_; }
  // Set while the offset is a provisional one.
  [[nodiscard]] const std::optional<Wanted>& wanted() const { return wanted_; }

 private:
  struct Record {
    std::uint32_t offset = 0;
    store::Revision revision = 0;
  };
  std::optional<Record> told_;
  std::optional<std::uint32_t> served_;  // the last serial; none before the first view
  std::uint32_t offset_ = 0;
  std::optional<Wanted> wanted_;
};

}  // namespace rollcall::catalog
