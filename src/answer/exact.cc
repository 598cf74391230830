// CNAME and PTR: what stands at exactly the name asked for.  No chasing.
#include <algorithm>
#include <span>

#include "answer/lookup.h"
#include "answer/rrset.h"
#include "answer/types.h"

namespace rollcall::answer {
namespace {

void Append(Task& task, const catalog::Registration& registration) {
  task.answer.answer.push_back({task.question.name, task.question.type, task.Ttl(registration),
                                wire::NameData{wire::NameView(registration.host.name)}});
}

}  // namespace

Found AnswerCname(Task& task) {
  const Reading reading = ReadExact(task, task.zone, Select(task.zone, task.question.name));
  if (reading.size() > 0 && IsName(reading[0])) Append(task, reading[0]);
  return reading.found();
}

Found AnswerPtr(Task& task) {
  const Reading reading = ReadExact(task, task.zone, Select(task.zone, task.question.name));
  std::vector<wire::Record>& out = task.answer.answer;
  for (std::size_t i = 0; i < reading.size(); ++i) {
    if (!IsName(reading[i])) continue;
    Append(task, reading[i]);
    const bool repeated = std::any_of(out.begin(), out.end() - 1, [&](const wire::Record& record) {
      return record.rdata == out.back().rdata;
    });
    // The first keeps its place; the lower TTL counts.
    EvenTtl(std::span(out));
    if (repeated) out.pop_back();
  }
  return reading.found();
}

}  // namespace rollcall::answer
