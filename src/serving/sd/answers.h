// What both faces of discovery do to answer for a name: look whether there is a body that is
// still true, else take the instances out of the view and have them rendered - at once if they
// are few, else on the worker.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "answer/instances.h"
#include "base/clock.h"
#include "catalog/readers.h"
#include "serving/http/exchange.h"
#include "serving/sd/bodies.h"
#include "serving/sd/http_sd.h"
#include "serving/sd/refusal.h"
#include "serving/sd/worker.h"

namespace rollcall::serving::sd {

using StandingSource = std::function<catalog::Standing()>;

// Told of each answer that lists something: who asked (his request), for which name as DNS would
// be asked (AskedText()), and the revision of the store that he got.  Must not wait; empty: nobody
// wants to know.
using Seen = std::function<void(const http::Request& request, const std::string& name,
                                store::Revision revision)>;
// The name whose DNS answer has the same instances, selectors and all, without a final dot.
[[nodiscard]] std::string AskedText(const answer::Choice& choice);

class Answers {
 public:
  struct Options {
    Bodies::Limits bodies;
    // Up to so many instances are rendered on the thread of the server that has the request:
    // a few milliseconds.
    std::size_t most_here = 2000;
    std::size_t most_jobs = 256;
    Seen seen;
  };
  // Borrows all until destroyed.
  Answers(catalog::Publisher& publisher, const answer::Zones& zones, StandingSource standing,
          const Clock& clock, Options options);

  // What is wanted of a name.
  struct Wanted {
    const answer::Zone* zone = nullptr;
    answer::Choice choice;
    answer::Hosts hosts = answer::Hosts::kAsWritten;
    std::string key;  // of the body: equal for what is rendered equally
    std::function<Asked<Rendered>(const Gathered&, const Emit&)> render;
  };
  // Calls `done` with a body as of now, at once or soon; null: too much is under way.
  void Give(Wanted wanted, Bodies::Done done);
  // The worker does nothing more.
  void Stop() { worker_.Stop(); }

  // As TouchedAt(), now.
  [[nodiscard]] std::uint64_t Touched(const answer::Zone& zone, const answer::Choice& choice);
  [[nodiscard]] catalog::Standing standing() const { return standing_(); }
  void TellSeen(const http::Request& request, const answer::Choice& choice,
                store::Revision revision) const;

  [[nodiscard]] catalog::Readers& readers() { return readers_; }
  [[nodiscard]] const answer::Zones& zones() const { return zones_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] Bodies& bodies() { return bodies_; }
  [[nodiscard]] const Bodies& bodies() const { return bodies_; }
  // Targets that no answer could have, each time that one was made without it.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  [[nodiscard]] BodyPtr Build(const Wanted& wanted, const Bodies::Begun& begun);

  catalog::Readers readers_;
  const answer::Zones& zones_;
  const StandingSource standing_;
  const Clock& clock_;
  const Options options_;
  std::atomic<std::uint64_t> left_out_{0};
  Bodies bodies_;
  Worker worker_;  // last: it works for the others
};

// Who asks keeps what he has.
[[nodiscard]] http::Response ToResponse(const Refusal& refusal);

}  // namespace rollcall::serving::sd
