// What the threads of the server share: borrowed, and unchanged once they run.
#pragma once

#include "serving/dns/forwarder.h"
#include "serving/seen/book.h"

namespace rollcall::serving::dns {

struct Shared {
  catalog::Publisher& publisher;
  const answer::Zones& zones;
  const StandingSource& standing;
  answer::ResponderOptions responder;
  Forwarder* forwarder = nullptr;  // null: nothing from outside
  bool forward_for_all = false;
  seen::Book* book = nullptr;  // null: nobody is remembered

  // What a first Respond() may know of the outside: nothing yet, or never.
  [[nodiscard]] const std::vector<answer::OutsideResult>* outside() const {
    static const std::vector<answer::OutsideResult> kNothingYet;
    return forwarder != nullptr ? &kNothingYet : nullptr;
  }
  // No open resolver: a name outside the zones is forwarded for near sources only.
  // Aliases in our own data are followed for everyone.
  [[nodiscard]] bool MayDefer(answer::Outcome outcome, const sockaddr* source) const {
    return outcome == answer::Outcome::kNeedsOutside || forward_for_all || IsLocal(source);
  }
};

// Hands a request to the forwarder, or says at once why not.  kNoError: the
// forwarder has it and will deliver; else the rcode to answer.
[[nodiscard]] inline wire::Rcode Defer(const Shared& shared, answer::Outcome outcome,
                                       const sockaddr* source, Deferred deferred) {
  if (!shared.MayDefer(outcome, source)) return wire::Rcode::kRefused;
  return shared.forwarder->Submit(std::move(deferred)) ? wire::Rcode::kNoError
                                                       : wire::Rcode::kServFail;
}

}  // namespace rollcall::serving::dns
