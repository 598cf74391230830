#include "serving/sd/bodies.h"

#include <algorithm>
#include <utility>

namespace rollcall::serving::sd {
namespace {

// What is not larger is not worth counting.
constexpr std::size_t kSmall = 64 << 10U;

bool IsNewEnough(const Body& body, const Moment& moment) {
  const Body::Facts& facts = body.facts;
  return facts.moment.touched >= moment.touched &&
         (!facts.elsewhere || facts.moment.changes >= moment.changes);
}

}  // namespace

std::size_t Bodies::UnderWay(State& state) {
  std::size_t octets = 0;
  std::erase_if(state.alive, [&](const std::weak_ptr<const std::string>& one) {
    const http::Octets piece = one.lock();
    if (piece) octets += piece->size();
    return !piece;
  });
  for (const auto& [key, entry] : state.entries) {
    if (entry.octets > kSmall) octets -= entry.body->unused();
  }
  return octets;
}

BodyPtr Bodies::Use(State& state, const std::string& key, const Moment& moment, WallTime now) {
  const auto found = state.entries.find(key);
  if (found == state.entries.end()) return nullptr;
  found->second.used = ++state.uses;
  const BodyPtr& body = found->second.body;
  if (!IsNewEnough(*body, moment)) return nullptr;
  if (body->facts.good_until && now >= *body->facts.good_until) return nullptr;
  ++state.counters.kept;
  return body;
}

BodyPtr Bodies::Find(const std::string& key, const Moment& moment, WallTime now) {
  return Use(*state_.Lock(), key, moment, now);
}

void Bodies::Keep(State& state, const std::string& key, const BodyPtr& body) {
  ++state.counters.made;
  Entry& entry = state.entries[key];
  state.octets -= entry.octets;
  entry = {body, ++state.uses};
}

void Bodies::Count(State& state, const std::string& key, const BodyPtr& body) const {
  if (body->size() > kSmall) {
    for (const http::Octets& piece : body->pieces()) state.alive.push_back(piece);
  }
  const auto kept = state.entries.find(key);
  if (kept == state.entries.end() || kept->second.body != body) return;
  kept->second.octets = body->size();
  state.octets += kept->second.octets;
  while (state.entries.size() > 1 &&
         (state.entries.size() > limits_.most_bodies || state.octets > limits_.most_octets)) {
    const auto oldest = std::min_element(
        state.entries.begin(), state.entries.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    state.octets -= oldest->second.octets;
    state.entries.erase(oldest);
  }
}

BodyPtr Bodies::MakeHere(const std::string& key, const Build& build) {
  BodyPtr body = build([](const BodyPtr&) {});
  auto state = state_.Lock();
  Keep(*state, key, body);
  Count(*state, key, body);
  return body;
}

void Bodies::Make(const std::string& key, const Moment& moment, WallTime now, Build build,
                  Done done) {
  auto state = state_.Lock();
  if (const BodyPtr body = Use(*state, key, moment, now)) {
    { const auto unlock = std::move(state); }
    return done(body);
  }
  const bool flies = state->flights.contains(key);
  Flight& flight = state->flights[key];
  flight.waiters.push_back({moment, std::move(done)});
  if (flies) return;
  flight.build = std::move(build);
  { const auto unlock = std::move(state); }
  Start(key);
}

void Bodies::Start(const std::string& key) {
  if (!worker_.Post([this, key] { Fly(key); })) Land(key, nullptr);
}

void Bodies::Fly(const std::string& key) {
  Build build;
  {
    auto state = state_.Lock();
    if (UnderWay(*state) > limits_.most_under_way) {
      ++state->counters.spared;
    } else {
      build = state->flights.at(key).build;
    }
  }
  if (!build) return Land(key, nullptr);
  bool landed = false;
  const auto begun = [&](const BodyPtr& body) {
    landed = true;
    Keep(*state_.Lock(), key, body);
    Land(key, body);
  };
  const BodyPtr body = build(begun);
  if (!landed) begun(body);
  Count(*state_.Lock(), key, body);
}

// Who asked when the body was already being made gets the next one.
void Bodies::Land(const std::string& key, const BodyPtr& body) {
  std::vector<Waiter> served;
  bool again = false;
  {
    auto state = state_.Lock();
    auto& waiters = state->flights.at(key).waiters;
    const auto late = std::stable_partition(
        waiters.begin(), waiters.end(),
        [&](const Waiter& waiter) { return !body || IsNewEnough(*body, waiter.moment); });
    served.assign(std::move_iterator(waiters.begin()), std::move_iterator(late));
    waiters.erase(waiters.begin(), late);
    again = !waiters.empty();
    if (!again) state->flights.erase(key);
  }
  for (const Waiter& waiter : served) waiter.done(body);
  if (again) Start(key);
}

}  // namespace rollcall::serving::sd
