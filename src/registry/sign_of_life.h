// What is written as an instance's record `alive`; internal to this room.
//
// Pure.
#pragma once

#include <string>

#include "registry/registry.h"
#include "registry/snapshot.h"

namespace rollcall::registry {

// "192.0.2.1:9100".
[[nodiscard]] std::string Endpoint(const model::Service& service);

// Somebody has deregistered it, and not before it was registered on `terms`.
[[nodiscard]] bool IsDeregistered(const Snapshot& now, const Terms& terms);

// Adds to `txn` what brings the record to `alive`; nothing, if it says so already.
void WriteAlive(const Snapshot& now, const SignOfLife& alive, const std::string& owner,
                store::TxnRequest& txn);

}  // namespace rollcall::registry
