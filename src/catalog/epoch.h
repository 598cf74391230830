// The store as it was last seen.
//
// Threads: a plain value.
#pragma once

#include <cstdint>

#include "store/store.h"

namespace rollcall::catalog {

// A store that is replaced, or restored from a backup, begins a new epoch: its
// revisions do not go on from those before, and equal ones do not mean equal values.
struct Epoch {
  bool known = false;    // some store has been seen
  bool doubted = false;  // it did not know our last change any more
  std::uint64_t cluster_id = 0;
  store::Revision revision = 0;  // the highest seen
  std::uint64_t number = 0;      // of this epoch

  // Who answers with `header` to what was asked after all this was seen is another
  // store: linearizable reads do not go back.
  [[nodiscard]] bool Contradicts(const store::Header& header) const {
    return known && (doubted || header.cluster_id != cluster_id || header.revision < revision);
  }
};

}  // namespace rollcall::catalog
