#include "serving/sd/waiting.h"

#include <algorithm>
#include <utility>

namespace rollcall::serving::sd {
namespace {

// Only so that no wait is without an end: whoever adds or stops says so.
constexpr std::chrono::seconds kLongestWait{60};

}  // namespace

Waiting::Waiting(catalog::Readers& readers, const Clock& clock, WaitingOptions options)
    : readers_(readers), clock_(clock), options_(options) {
  if (options_.alone) thread_ = std::jthread([this] { Run(); });
}

Waiting::~Waiting() {
  Stop();
}

void Waiting::Stop() {
  std::map<std::string, Group> dropped;  // what they hold goes without the lock
  {
    auto state = state_.Lock();
    state->stopped = true;
    dropped.swap(state->groups);
    state->where.clear();
  }
  wake_.notify_one();
}

std::optional<Waiting::Id> Waiting::Add(Subject subject, std::uint64_t seen, SteadyTime deadline,
                                        std::function<void()> answer) {
  Id id = 0;
  {
    auto state = state_.Lock();
    if (state->stopped || state->where.size() >= options_.most) return std::nullopt;
    id = ++state->last;
    state->where.emplace(id, subject.key);
    Group& group = state->groups[subject.key];
    if (group.waiters.empty()) group.subject = std::move(subject);
    group.waiters.push_back({id, seen, deadline, std::move(answer)});
    state->added = true;
  }
  wake_.notify_one();
  return id;
}

void Waiting::Remove(Id id) {
  std::vector<Waiter> removed;  // goes without the lock
  auto state = state_.Lock();
  const auto where = state->where.find(id);
  if (where == state->where.end()) return;
  const auto group = state->groups.find(where->second);
  auto& waiters = group->second.waiters;
  const auto found = std::find_if(waiters.begin(), waiters.end(),
                                  [&](const Waiter& waiter) { return waiter.id == id; });
  removed.push_back(std::move(*found));
  *found = std::move(waiters.back());
  waiters.pop_back();
  if (waiters.empty()) state->groups.erase(group);
  state->where.erase(where);
}

void Waiting::Take(Group& group, bool changed, std::uint64_t index, SteadyTime now,
                   std::vector<Waiter>& taken) {
  const auto waits = [&](const Waiter& waiter) {
    return now < waiter.deadline && (!changed || waiter.seen == index);
  };
  const auto first = std::stable_partition(group.waiters.begin(), group.waiters.end(), waits);
  std::move(first, group.waiters.end(), std::back_inserter(taken));
  group.waiters.erase(first, group.waiters.end());
}

void Waiting::Look() {
  std::vector<Waiter> taken;
  {
    auto reader = readers_.Borrow();
    auto state = state_.Lock();
    const auto view = reader.Enter();
    const SteadyTime now = clock_.Now();
    const bool changed = state->added || view->changes != state->looked_at;
    state->looked_at = view->changes;
    state->added = false;
    for (auto group = state->groups.begin(); group != state->groups.end();) {
      const bool look = changed || !group->second.subject.of_the_view;
      Take(group->second, look, look ? group->second.subject.index(*view) : 0, now, taken);
      group = group->second.waiters.empty() ? state->groups.erase(group) : std::next(group);
    }
    for (const Waiter& waiter : taken) state->where.erase(waiter.id);
  }
  for (const Waiter& waiter : taken) waiter.answer();
}

void Waiting::Run() {
  for (;;) {
    {
      auto state = state_.Lock();
      const auto somebody = [&] { return state->stopped || !state->groups.empty(); };
      (void)state.WaitUntil(wake_, std::chrono::steady_clock::now() + kLongestWait, somebody);
      const auto stopped = [&] { return state->stopped; };
      if (state.WaitUntil(wake_, std::chrono::steady_clock::now() + options_.interval, stopped)) {
        return;
      }
    }
    Look();
  }
}

}  // namespace rollcall::serving::sd
