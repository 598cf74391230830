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

// How a name outside our zones was answered by the forwarder.
enum class Reply : std::uint8_t {
  kNone,     // there is no forwarder, or nothing to ask it for
  kSilent,   // no reply, or no more names may be asked for
  kPending,  // not asked yet: noted in Answer::needs
  kRecords,  // appended, if there were any: records of `type` and the CNAMEs to them
};
[[nodiscard]] Reply AppendOutside(Task& task, wire::NameView name, wire::Type type,
                                  std::vector<wire::Record>& out);

}  // namespace rollcall::answer
