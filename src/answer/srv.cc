// SRV and MX: services with their targets, and glue for those.
//
// Kept as CoreDNS has it (its behaviour is what clients are used to): one record
// for each (target, port) or (target, preference) of address services, and no
// merging of name services; priority and port are taken modulo 65536; a port of -1
// is left out but counts in the weights; `targetstrip` strips names too.
#include <absl/hash/hash.h>

#include <span>

#include "answer/glue.h"
#include "answer/lookup.h"
#include "answer/rrset.h"
#include "answer/targets.h"
#include "answer/types.h"

namespace rollcall::answer {
namespace {

using catalog::Registration;
using wire::NameView;
using wire::Record;
using wire::Type;

bool EqualTarget(const Record& a, const Record& b) {
  if (const auto* srv = std::get_if<wire::Srv>(&a.rdata)) {
    const auto& other = std::get<wire::Srv>(b.rdata);
    return srv->port == other.port && srv->target.wire() == other.target.wire();
  }
  const auto& mx = std::get<wire::Mx>(a.rdata);
  const auto& other = std::get<wire::Mx>(b.rdata);
  return mx.preference == other.preference && mx.exchange.wire() == other.exchange.wire();
}

// Appends `record`, an address's, unless its target is there already.
void AppendOnce(Task& task, const Record& record, NameView target) {
  std::vector<Record>& out = task.answer.answer;
  const std::size_t position = out.size();
  const std::size_t found =
      task.work.targets.FindOrAdd([&] { return absl::HashOf(target.wire()); }, position,
                                  [&](std::size_t at) { return EqualTarget(out[at], record); });
  if (found == position)
    out.push_back(record);
  else
    out[found].ttl = std::min(out[found].ttl, record.ttl);
}

void AppendSrv(Task& task, const Registration& registration, Glue& glue) {
  const auto& service = registration.service;
  if (service.port == kNoPort) return;
  const NameView target = TargetOf(registration);
  const wire::Srv srv{static_cast<std::uint16_t>(PriorityOf(service)),
                      task.work.weights.Of(service), static_cast<std::uint16_t>(service.port),
                      target};
  const Record record{task.question.name, Type::kSrv, task.Ttl(registration), srv};
  if (IsName(registration)) {
    task.answer.answer.push_back(record);
    glue.AddName(target, service.target_strip > 0);
    return;
  }
  AppendOnce(task, record, target);
  glue.AddAddress(target, registration);
}

// As CoreDNS does, an address's glue lies at its whole name, stripped or not.
void AppendMx(Task& task, const Registration& registration, Glue& glue) {
  const auto& service = registration.service;
  if (!service.mail) return;
  const NameView target = TargetOf(registration);
  const wire::Mx mx{static_cast<std::uint16_t>(PriorityOf(service)), target};
  const Record record{task.question.name, Type::kMx, task.Ttl(registration), mx};
  if (IsName(registration)) {
    task.answer.answer.push_back(record);
    glue.AddName(target, service.target_strip > 0);
    return;
  }
  AppendOnce(task, record, target);
  glue.AddAddress(NameView(registration.name), registration);
}

template <typename AppendOne>
Found AnswerTargets(Task& task, std::size_t min_size, const AppendOne& append) {
  const std::size_t most = task.MostRecords(min_size);
  const Reading reading =
      ReadSubtree(task, task.zone, Select(task.zone, task.question.name), Keep::kHosts,
                  task.question.type == Type::kSrv ? most : kMaxRegistrations);
  if (reading.found() != Found::kData) return reading.found();
  task.work.weights.Clear();
  for (std::size_t i = 0; i < reading.size(); ++i) task.work.weights.Add(reading[i].service);

  task.work.targets.Reset(reading.size());
  Glue glue(task, reading.size());
  for (const Pass pass : kPasses) {
    for (std::size_t i = 0; i < reading.size(); ++i) {
      const Registration& registration = reading[i];
      if (!IsOf(pass, registration) || !HasTarget(registration)) continue;
      append(registration, glue);
      if (task.answer.answer.size() > most) return Found::kTooMany;
    }
    if (!task.answer.answer.empty()) break;
  }
  EvenTtl(std::span(task.answer.answer));
  glue.Finish();
  return Found::kData;
}

}  // namespace

Found AnswerSrv(Task& task) {
  return AnswerTargets(task, kMinSrv, [&](const Registration& registration, Glue& glue) {
    AppendSrv(task, registration, glue);
  });
}

Found AnswerMx(Task& task) {
  return AnswerTargets(task, kMinMx, [&](const Registration& registration, Glue& glue) {
    AppendMx(task, registration, glue);
  });
}

}  // namespace rollcall::answer
