// RRsets as RFC 2181 section 5 wants them: no record twice, one TTL.
// Internal to the room.
#pragma once

#include <cstddef>
#include <span>

#include "answer/index.h"
#include "wire/record.h"

namespace rollcall::answer {

[[nodiscard]] std::size_t HashOf(const wire::Rdata& rdata);

// `rrset` is one RRset: the lowest TTL becomes that of all.
void EvenTtl(std::span<wire::Record> rrset);

// The same for records of many owners and types, in any order.
void EvenTtlByRrset(std::span<wire::Record> records, Index& index);

}  // namespace rollcall::answer
