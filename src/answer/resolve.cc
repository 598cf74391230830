#include "answer/resolve.h"

#include <algorithm>
#include <span>

#include "answer/chain.h"
#include "answer/lookup.h"
#include "answer/task.h"
#include "answer/types.h"

namespace rollcall::answer {
namespace {

using catalog::Standing;
using wire::Rcode;
using wire::Type;

// What we hold but cannot vouch for is kept by others no longer than this (RFC
// 8767 section 4).
constexpr std::uint32_t kStaleTtl = 30;

bool AtApex(const Task& task) {
  return task.question.name.view() == task.zone.name.view();
}

Found Dispatch(Task& task) {
  switch (task.question.type) {
    case Type::kA:
    case Type::kAaaa:
    case Type::kTxt:
      return AppendRecords(task, task.zone, task.question.name, task.question.type,
                           task.answer.answer);
    case Type::kSrv:
      return AnswerSrv(task);
    case Type::kMx:
      return AnswerMx(task);
    case Type::kCname:
      return AnswerCname(task);
    case Type::kPtr:
      return AnswerPtr(task);
    case Type::kAny:
      return AnswerAny(task);
    case Type::kNs:
      if (AtApex(task)) return AnswerNs(task);
      break;
    case Type::kSoa:
      if (AtApex(task)) return AnswerSoa(task);
      break;
    default:
      break;
  }
  return Probe(task, task.zone, Select(task.zone, task.question.name).name);
}

// SERVFAIL keeps the targets of whoever asked.
void Fail(Task& task) {
  task.answer.rcode = Rcode::kServFail;
  task.answer.authoritative = false;
  task.answer.answer.clear();
  task.answer.additional.clear();
}

void FailNotReady(Task& task) {
  Fail(task);
  task.answer.extended_error = wire::ExtendedError{wire::kNotReady};
}

void Negative(Task& task, Rcode rcode) {
  task.answer.rcode = rcode;
  task.answer.authority.push_back(MakeSoa(task));
}

// TC without records: to say part of it would take targets away.
void Truncate(Task& task) {
  task.answer.truncated = true;
  task.answer.answer.clear();
  task.answer.additional.clear();
}

void Conclude(Task& task, Found found) {
  const bool synced = task.context.standing == Standing::kSynced;
  if (found == Found::kTooMany || task.too_many) return Truncate(task);
  if (found == Found::kUnreadable || found == Found::kRefused || task.exhausted) {
    Fail(task);
    return Negative(task, Rcode::kServFail);
  }
  if (!task.answer.answer.empty()) return;
  if (task.unsure) return FailNotReady(task);
  if (found == Found::kData) return Negative(task, Rcode::kNoError);
  if (!synced) return FailNotReady(task);  // another replica may know the name
  // A zone's own name is always there.
  const bool apex = Select(task.zone, task.question.name).name == task.zone.name.view();
  Negative(task, apex ? Rcode::kNoError : Rcode::kNxDomain);
}

void MarkStale(Answer& answer) {
  for (auto* section : {&answer.answer, &answer.authority, &answer.additional}) {
    for (wire::Record& record : *section) record.ttl = std::min(record.ttl, kStaleTtl);
  }
  if (!answer.extended_error) answer.extended_error = wire::ExtendedError{wire::kStaleAnswer};
}

void Refuse(Answer& answer) {
  answer.rcode = Rcode::kRefused;
  answer.authoritative = false;
}

}  // namespace

Answer::Answer() : workspace_(std::make_unique<Workspace>()) {
}
Answer::~Answer() = default;

void Answer::Clear() {
  rcode = Rcode::kNoError;
  authoritative = true;
  truncated = false;
  answer.clear();
  authority.clear();
  additional.clear();
  extended_error.reset();
  needs.clear();
  steps = 0;
  basis = {};
  asked.reset();
}

wire::Reply Answer::reply() const {
  wire::Reply reply;
  reply.rcode = rcode;
  reply.authoritative = authoritative;
  reply.truncated = truncated;
  reply.answer = answer;
  reply.authority = authority;
  reply.additional = additional;
  reply.extended_error = extended_error;
  return reply;
}

void Resolve(const catalog::View& view, const Zones& zones, const Zone& zone,
             const wire::Question& question, const Context& context, Answer& answer) {
  answer.Clear();
  // Zone transfers are not ours to give.
  if (question.type == Type::kAxfr || question.type == Type::kIxfr) return Refuse(answer);

  Task task{view, zones, zone, question, context, answer, answer.workspace()};
  if (context.standing == Standing::kNever && !(question.type == Type::kSoa && AtApex(task))) {
    return FailNotReady(task);
  }
  Conclude(task, Dispatch(task));
  if (context.standing == Standing::kStale) MarkStale(answer);
  answer.steps = task.registrations + task.lookups;
}

}  // namespace rollcall::answer
