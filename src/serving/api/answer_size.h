// What DNS takes to answer a name, found out by making the answer; where no message holds it, as if
// there were room.
//
// Threads: any; nothing is kept.
#pragma once

#include <cstddef>

#include "answer/zones.h"
#include "base/clock.h"
#include "catalog/view.h"
#include "wire/name.h"

namespace rollcall::serving::api {

// Of the answer to SRV, by TCP.
struct AnswerSize {
  std::size_t records = 0;
  std::size_t octets = 0;     // without glue, which goes first when there is no room
  std::size_t with_glue = 0;  // as it is sent, if it fits
};

// `name` may have selectors; of an answer that no message holds they count as none.
// All zero: the name is in no zone, or nothing is at or below it.  Costs as much as the answer, and
// at most answer::kMaxRegistrations looks; `view` is held for that time.
[[nodiscard]] AnswerSize SizeOfAnswer(const catalog::View& view, const answer::Zones& zones,
                                      wire::NameView name, catalog::Standing standing,
                                      const Clock& clock);

}  // namespace rollcall::serving::api
