#include <algorithm>
#include <iterator>

#include "answer/chain.h"

namespace rollcall::answer {
namespace {

bool Asks(const Outside& outside, wire::NameView name, wire::Type type) {
  return outside.type == type && outside.name.view() == name;
}

void Note(Task& task, wire::NameView name, wire::Type type) {
  auto& needs = task.answer.needs;
  const bool noted = std::any_of(needs.begin(), needs.end(),
                                 [&](const Outside& need) { return Asks(need, name, type); });
  if (noted || task.context.outside->size() + needs.size() >= kMaxOutside) return;
  needs.push_back({wire::Name(name), type});
}

}  // namespace

void AppendOutside(Task& task, wire::NameView name, wire::Type type,
                   std::vector<wire::Record>& out) {
  if (task.context.outside == nullptr || IsFailedAddress(name)) return;
  const auto& results = *task.context.outside;
  const auto result = std::find_if(results.begin(), results.end(), [&](const OutsideResult& r) {
    return Asks(r.asked, name, type);
  });
  if (result == results.end()) return Note(task, name, type);
  std::copy_if(result->answer.begin(), result->answer.end(), std::back_inserter(out),
               [&](const wire::Record& record) {
                 return record.type == type || record.type == wire::Type::kCname;
               });
  if (result->truncated && task.question.type == type && type != wire::Type::kTxt) {
    task.answer.truncated = true;
  }
}

}  // namespace rollcall::answer
