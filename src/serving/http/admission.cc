#include "serving/http/admission.h"

#include <fmt/format.h>

namespace rollcall::serving::http {
namespace {

// Who guesses passwords gets no further; who mistypes his own a few times does.
constexpr Rate kFailures{std::chrono::seconds(2), 10};

Identity OfUser(const std::string& user) {
  return {user, true, true, {}};
}

}  // namespace

Admission::Admission(std::vector<std::string> names)
    : names_(std::move(names)),
      state_(std::in_place, State{RateLimit(Rate{}), RateLimit(kFailures), {}}) {
}

AccessRules Admission::RulesOf(const Policy& policy) const {
  return {.basic = !policy.users.empty(),
          .bearer = policy.tokens.has_value(),
          .anonymous_read = policy.tokens && policy.tokens->anonymous_read,
          .names = names_};
}

Verdict Admission::Judge(const Request& request, Right right, Identity identity,
                         const AccessRules& rules) const {
  auto refused = Refusal(request, right, identity, rules);
  return {std::move(refused), std::move(identity)};
}

Verdict Admission::TooOften(std::chrono::seconds wait) {
  ++state_.Lock()->counters.limited;
  Response response{429, std::string("too many requests from this address\n")};
  response.headers.push_back({"Retry-After", std::to_string(wait.count())});
  return {std::move(response), {}};
}

Verdict Admission::Failed(const Request& request, const AccessRules& rules, SteadyTime now) {
  std::optional<std::chrono::seconds> wait;
  {
    auto state = state_.Lock();
    ++state->counters.failed_logins;
    if (!state->failures.Take(request.peer.address, now)) wait = state->failures.Wait();
  }
  if (wait) return TooOften(*wait);
  return {LoginWanted(rules, "this login is not known here"), {}};
}

std::optional<Verdict> Admission::Decide(const Request& request, Right right, const Policy& policy,
                                         const std::string& certificate, SteadyTime now,
                                         WallTime wall_now) {
  if (right == Right::kNone) return Verdict{};
  std::optional<std::chrono::seconds> wait;
  {
    auto state = state_.Lock();
    if (state->requests.rate() != policy.rate) state->requests = RateLimit(policy.rate);
    if (!state->requests.Take(request.peer.address, now)) wait = state->requests.Wait();
  }
  if (wait) return TooOften(*wait);
  const AccessRules rules = RulesOf(policy);
  if (!rules.basic && !rules.bearer) {  // what else a client says of himself is not asked for
    Identity identity;
    if (!certificate.empty()) identity = OfUser("cert:" + certificate);
    return Judge(request, right, std::move(identity), rules);
  }
  const Login login = ReadLogin(request);
  if (login.kind == Login::Kind::kNone) return Judge(request, right, {}, rules);
  if (login.kind == Login::Kind::kBearer && policy.tokens) {
    if (auto identity = policy.tokens->Whose(login.secret, wall_now)) {
      return Judge(request, right, *std::move(identity), rules);
    }
  }
  if (login.kind != Login::Kind::kBasic || !rules.basic) return Failed(request, rules, now);
  if (passwords_.Known(policy.users, login.user, login.secret)) {
    return Judge(request, right, OfUser(login.user), rules);
  }
  {
    auto state = state_.Lock();
    if (!state->failures.Has(request.peer.address, now)) wait = state->failures.Wait();
  }
  if (wait) return TooOften(*wait);
  return std::nullopt;
}

Verdict Admission::Compute(const Request& request, Right right, const Policy& policy,
                           SteadyTime now) {
  const AccessRules rules = RulesOf(policy);
  const Login login = ReadLogin(request);
  if (!passwords_.Check(policy.users, login.user, login.secret)) {
    return Failed(request, rules, now);
  }
  return Judge(request, right, OfUser(login.user), rules);
}

}  // namespace rollcall::serving::http
