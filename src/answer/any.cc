#include <string_view>

#include "answer/lookup.h"
#include "answer/types.h"

namespace rollcall::answer {

// RFC 8482 section 4.2: a HINFO that says why.
Found AnswerAny(Task& task) {
  using namespace std::string_view_literals;
  const Found found = Probe(task, task.zone, Select(task.zone, task.question.name).name);
  if (found == Found::kData) {
    task.answer.answer.push_back({task.question.name, wire::Type::kHinfo,
                                  task.zones.options().default_ttl,
                                  wire::Opaque{"\x07RFC8482\x00"sv}});
  }
  return found;
}

}  // namespace rollcall::answer
