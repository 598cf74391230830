// Registry::RaiseSerial.

#include "model/serial.h"

#include <fmt/format.h>

#include "model/records.h"
#include "registry/registry.h"
#include "registry/snapshot.h"

namespace rollcall::registry {
namespace {

// RFC 1982 section 3.2; half the circle away counts as not above.
bool IsAbove(std::uint32_t serial, std::uint32_t other) {
  const std::uint32_t step = serial - other;
  return step != 0 && step < 0x80000000U;
}

}  // namespace

Result<void> Registry::RaiseSerial(std::uint32_t serial_before, store::Revision revision_now,
                                   store::Deadline deadline) {
  const std::string key(model::kSerialKey);
  const auto low = static_cast<std::uint32_t>(revision_now);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const auto page = store_.Range({.keys = store::KeyRange::Single(key)}, deadline);
    if (!page) return Fail(page.error());
    const bool there = !page->kvs.empty();
    // What cannot be read counts as none, as it does for those who serve.
    const auto offset = there ? model::ParseSerialOffset(page->kvs[0].value) : std::nullopt;
    if (IsAbove(low + offset.value_or(0), serial_before)) return {};

    const std::uint32_t raised = serial_before + 1 - low;
    store::TxnRequest txn;
    txn.compares.push_back(there ? store::Compare::Unchanged(page->kvs[0])
                                 : store::Compare::Missing(key));
    txn.then.emplace_back(store::PutOp{
        .key = key, .value = model::SerialJson(raised, page->header.cluster_id, clock_.WallNow())});
    const auto done = store_.Txn(txn, deadline);
    if (!done) return Fail(done.error());
    if (done->succeeded) return {};
  }
  return Fail(ErrorCode::kConflict, fmt::format("{} is being written by others all the time", key));
}

}  // namespace rollcall::registry
