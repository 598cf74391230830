// The types, a function each: what the question's name answers, appended to
// Answer::answer (and ::additional).  kData with nothing appended: no data.
// Internal to the room.
#pragma once

#include "answer/task.h"

namespace rollcall::answer {

[[nodiscard]] Found AnswerSrv(Task& task);
[[nodiscard]] Found AnswerMx(Task& task);
[[nodiscard]] Found AnswerCname(Task& task);
[[nodiscard]] Found AnswerPtr(Task& task);
// Requires, both: the question is for the zone's own name.
[[nodiscard]] Found AnswerNs(Task& task);
[[nodiscard]] Found AnswerSoa(Task& task);
// ANY, without giving all there is (RFC 8482).
[[nodiscard]] Found AnswerAny(Task& task);

[[nodiscard]] wire::Record MakeSoa(const Task& task);

}  // namespace rollcall::answer
