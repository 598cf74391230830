// One version of one key: immutable, shared by the index, the history and every
// reader that is just copying it.
#pragma once

#include <memory>

#include "store/store.h"

namespace rollcall::store::embedded {

// A deletion is a record with version 0: key and mod_revision only.
using Record = std::shared_ptr<const KeyValue>;

[[nodiscard]] inline bool IsTombstone(const KeyValue& kv) {
  return kv.version == 0;
}

}  // namespace rollcall::store::embedded
