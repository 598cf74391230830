#include "agent/decide.h"

#include <fmt/format.h>

#include "model/records.h"
#include "model/service.h"
#include "model/time.h"

namespace rollcall::agent {
namespace {

std::string Describe(const model::Service& service) {
  const bool v6 = service.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", service.host, service.port)
            : fmt::format("{}:{}", service.host, service.port);
}

Decision AboutRegistered(const Wish& wish, const Seen& seen, const Self& self) {
  const auto held = model::ParseService(seen.registration->value);
  if (!held) return {Task::kRegister};
  const std::string& owner = held->extension.owner;
  const bool ours = owner == self.owner;
  const bool living = seen.alive && seen.alive->lease != self.lease && !seen.stopping;
  if (!ours && !owner.empty() && living) {
    return {Task::kYield,
            fmt::format("{} is held by {} at {}, which is alive; not given to {} at {}",
                        seen.registration->key, owner, Describe(*held), self.owner,
                        Describe(wish.value))};
  }
  if (!ours && wish.may_move && held->port != wish.value.port) return {Task::kMove};
  const bool as_wished = held->extension_problem.empty() &&
                         model::ToJson(*held) == model::ToJson(wish.value) &&
                         seen.registration->lease == wish.lease && !seen.gone;
  return {as_wished ? Task::kKeep : Task::kRegister};
}

Decision StayAway(const Seen& seen, const model::Record* mark) {
  if (!mark) {
    return {Task::kStayAway, seen.gone ? "its mark of a deregistration cannot be read"
                                       : "it was deregistered more than 7 days ago"};
  }
  return {Task::kStayAway,
          fmt::format("deregistered by {} at {}: {}", mark->by.empty() ? "somebody" : mark->by,
                      model::FormatTime(mark->since),
                      mark->why.empty() ? "no reason given" : mark->why)};
}

// Whether the mark is but the end of a stop of ours, which is over now.
bool EndedOurStop(const Remembered& remembered, const model::Record& mark) {
  return remembered.as == Remembered::As::kStopped &&
         (mark.why.find(kStopReason) != std::string::npos || mark.since >= remembered.until);
}

Decision AboutMissing(const Wish& wish, const Remembered* remembered, const Seen& seen,
                      const Self& self) {
  const bool same = remembered && remembered->hash == wish.hash;
  if (!seen.gone) {
    // The mark may have run out; that was no word from anybody.
    if (same && remembered->as == Remembered::As::kAway) return StayAway(seen, nullptr);
    return {Task::kPutBack};
  }
  const auto parsed = model::ParseRecord(seen.gone->value);
  const model::Record* const mark = parsed ? &*parsed : nullptr;
  if (mark && mark->again) return {Task::kRegister};
  if (remembered && !same) return {Task::kRegister};  // its definition has changed
  // We took it away ourselves, when it was no longer defined, or stopped.
  const bool away = remembered && remembered->as == Remembered::As::kAway;
  if (mark && mark->by == self.owner && !away) return {Task::kRegister};
  if (mark && remembered && EndedOurStop(*remembered, *mark)) return {Task::kRegister};
  // Nothing is known of it: a definition that is younger than the mark was written to undo it.
  if (mark && !remembered && wish.at > mark->since) return {Task::kRegister};
  return StayAway(seen, mark);
}

}  // namespace

Decision Decide(const Wish& wish, const Remembered* remembered, const Seen& seen,
                const Self& self) {
  return seen.registration ? AboutRegistered(wish, seen, self)
                           : AboutMissing(wish, remembered, seen, self);
}

}  // namespace rollcall::agent
