// What a zone says of itself: SOA and NS.
#include <absl/hash/hash.h>

#include <algorithm>
#include <span>

#include "answer/glue.h"
#include "answer/lookup.h"
#include "answer/rrset.h"
#include "answer/types.h"

namespace rollcall::answer {
namespace {

using catalog::Registration;
using wire::NameView;
using wire::Record;
using wire::Type;

// The timers that CoreDNS serves.
constexpr std::uint32_t kRefresh = 7200;
constexpr std::uint32_t kRetry = 1800;
constexpr std::uint32_t kExpire = 86'400;

void AppendNs(Task& task, const Registration& registration, Glue& glue) {
  const NameView target = Strip(NameView(registration.name), registration.service.target_strip);
  std::vector<Record>& out = task.answer.answer;
  const std::size_t position = out.size();
  const std::size_t found = task.work.targets.FindOrAdd(
      [&] { return absl::HashOf(target.wire()); }, position,
      [&](std::size_t at) {
        return std::get<wire::NameData>(out[at].rdata).name.wire() == target.wire();
      });
  const std::uint32_t ttl = task.Ttl(registration);
  if (found == position) {
    out.push_back({task.question.name, Type::kNs, ttl, wire::NameData{target}});
  } else {
    out[found].ttl = std::min(out[found].ttl, ttl);
  }
  glue.AddAddress(target, registration);
}

}  // namespace

Record MakeSoa(const Task& task) {
  const std::uint32_t ttl = task.zones.options().negative_ttl;
  return {task.zone.name, Type::kSoa, ttl,
          wire::Soa{task.zone.mname, task.zone.rname, task.view.serial(), kRefresh, kRetry, kExpire,
                    ttl}};
}

Found AnswerSoa(Task& task) {
  task.answer.answer.push_back(MakeSoa(task));
  return Found::kData;
}

Found AnswerNs(Task& task) {
  const Reading reading = ReadSubtree(task, task.zone, {task.zone.mname}, Keep::kHosts);
  if (reading.found() == Found::kNoName) return Probe(task, task.zone, task.question.name);
  if (reading.found() != Found::kData) return reading.found();
  task.work.targets.Reset(reading.size());
  Glue glue(task, reading.size());
  for (std::size_t i = 0; i < reading.size(); ++i) {
    const Registration& registration = reading[i];
    if (IsPlainName(registration)) return Found::kRefused;
    if (IsAddress(registration) && !registration.nameless) AppendNs(task, registration, glue);
    if (task.answer.answer.size() > task.MostRecords(kMinMx)) return Found::kTooMany;
  }
  EvenTtl(std::span(task.answer.answer));
  glue.Finish();
  return Found::kData;
}

}  // namespace rollcall::answer
