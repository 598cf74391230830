// Whether a request is let in, asked when its head is known and before its body is read: how often
// its client asks, who he is, and what he may.
//
// Threads: any number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "serving/http/access.h"
#include "serving/http/policy.h"

namespace rollcall::serving::http {

struct Verdict {
  std::optional<Response> refused;  // the answer, if it is not let in
  Identity identity = {};           // else: who it is
};

class Admission {
 public:
  // `names`: see AccessRules.
  explicit Admission(std::vector<std::string> names);

  // `certificate`: the subject of the client's, if it was verified.
  // Nothing: a password has to be computed first; call Compute() on a thread that may wait.
  [[nodiscard]] std::optional<Verdict> Decide(const Request& request, Right right,
                                              const Policy& policy, const std::string& certificate,
                                              SteadyTime now, WallTime wall_now);
  // Requires: Decide() said nothing of the same request.
  [[nodiscard]] Verdict Compute(const Request& request, Right right, const Policy& policy,
                                SteadyTime now);

  struct Counters {
    std::uint64_t failed_logins = 0;
    std::uint64_t limited = 0;  // answered by 429
  };
  [[nodiscard]] Counters counters() const { return state_.Lock()->counters; }

 private:
  struct State {
    RateLimit requests{Rate{}};
    RateLimit failures;
    Counters counters;
  };

  [[nodiscard]] AccessRules RulesOf(const Policy& policy) const;
  [[nodiscard]] Verdict Judge(const Request& request, Right right, Identity identity,
                              const AccessRules& rules) const;
  [[nodiscard]] Verdict Failed(const Request& request, const AccessRules& rules, SteadyTime now);
  [[nodiscard]] Verdict TooOften(std::chrono::seconds wait);

  const std::vector<std::string> names_;
  Passwords passwords_;
  mutable Guarded<State> state_;
};

}  // namespace rollcall::serving::http
