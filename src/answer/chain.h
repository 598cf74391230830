// A, AAAA and TXT: the records at a name, or the alias that leads to them.
// Internal to the room.
#pragma once

#include <vector>

#include "answer/task.h"

namespace rollcall::answer {

// Appends what `name` answers for `type` (kA, kAaaa or kTxt), owned by `name`:
// its own records if it has any, else one CNAME - the first in key order that leads
// to something - and what it leads to.  Nothing appended with kData: no data.
//
// `zone` is the one `name` lies in.
[[nodiscard]] Found AppendRecords(Task& task, const Zone& zone, wire::NameView name,
                                  wire::Type type, std::vector<wire::Record>& out);

// A host that was meant as an address but is none: `10.0.0.300`, `10.1`,
// `fe80::1%eth0`.  No host name ends in a label of digits (RFC 1123 section 2.1) or
// has a colon, so that nothing can ever be found there.
[[nodiscard]] bool IsFailedAddress(wire::NameView name);

// Appends what the forwarder found for a name outside our zones: records of `type`
// and the CNAMEs to them.  Nothing, where there is no forwarder, it got nothing, or
// kMaxOutside names are asked for; what was not asked yet goes to Answer::needs.
void AppendOutside(Task& task, wire::NameView name, wire::Type type,
                   std::vector<wire::Record>& out);

}  // namespace rollcall::answer
