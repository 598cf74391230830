#include "serving/sd/bodies.h"

#include <algorithm>
#include <utility>

namespace rollcall::serving::sd {
namespace {

// What is not larger is not worth counting.
constexpr std::size_t kSmall = 64 << 10U;

bool IsNewEnough(const Body& body, const Moment& moment) {
  return body.moment.touched >= moment.touched &&
         (!body.elsewhere || body.moment.changes >= moment.changes);
}

std::size_t SizeOf(const BodyPtr& body) {
  return body->octets->size();
}

}  // namespace

std::size_t Bodies::UnderWay(State& state) {
  std::size_t octets = 0;
  std::erase_if(state.alive, [&](const std::weak_ptr<const std::string>& one) {
    const http::Octets text = one.lock();
    if (text) octets += text->size();
    return !text;
  });
  for (const auto& [key, entry] : state.entries) {
    const bool counted = SizeOf(entry.body) > kSmall;
    if (counted && entry.body->octets.use_count() == 1) octets -= SizeOf(entry.body);
  }
  return octets;
}

BodyPtr Bodies::Use(State& state, const std::string& key) {
  const auto found = state.entries.find(key);
  if (found == state.entries.end()) return nullptr;
  found->second.used = ++state.uses;
  return found->second.body;
}

BodyPtr Bodies::Find(const std::string& key, const Moment& moment, WallTime now) {
  auto state = state_.Lock();
  BodyPtr body = Use(*state, key);
  if (!body || !IsNewEnough(*body, moment)) return nullptr;
  if (body->good_until && now >= *body->good_until) return nullptr;
  ++state->counters.kept;
  return body;
}

void Bodies::Keep(State& state, const std::string& key, const BodyPtr& body) const {
  ++state.counters.made;
  if (SizeOf(body) > kSmall) state.alive.push_back(body->octets);
  Entry& entry = state.entries[key];
  if (entry.body) state.octets -= SizeOf(entry.body);
  entry = {body, ++state.uses};
  state.octets += SizeOf(body);
  while (state.entries.size() > 1 &&
         (state.entries.size() > limits_.most_bodies || state.octets > limits_.most_octets)) {
    const auto oldest = std::min_element(
        state.entries.begin(), state.entries.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    state.octets -= SizeOf(oldest->second.body);
    state.entries.erase(oldest);
  }
}

BodyPtr Bodies::MakeHere(const std::string& key, const Build& build) {
  BodyPtr body = build();
  Keep(*state_.Lock(), key, body);
  return body;
}

void Bodies::Make(const std::string& key, const Moment& moment, Build build, Done done) {
  {
    auto state = state_.Lock();
    const bool flies = state->flights.contains(key);
    Flight& flight = state->flights[key];
    flight.waiters.push_back({moment, std::move(done)});
    if (flies) return;
    flight.build = std::move(build);
  }
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
  Land(key, build ? MakeHere(key, build) : nullptr);
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
