#include "keeper/keeper.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace rollcall::keeper {
namespace {

using catalog::Standing;
using std::chrono::milliseconds;

// A look may take this share of the thread's time, when there is much to look at.
constexpr int kRestTimes = 20;
constexpr std::size_t kMostLines = 10;  // in the log, a turn and verb-independent
constexpr milliseconds kAgain{5000};    // what was no longer as it was seen, if it still seems so
constexpr int kMostDoublings = 7;       // to about ten minutes

}  // namespace

Keeper::Keeper(store::Store& store, catalog::Publisher& publisher,
               std::function<Standing()> standing, Options options, const Clock& clock)
    : reader_(publisher.AddReader()),
      standing_(std::move(standing)),
      options_(std::move(options)),
      clock_(clock),
      records_(store, clock),
      retired_(options_.protect, options_.zones, clock),
      census_(reader_) {
}

void Keeper::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Keeper::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  thread_.request_stop();
  thread_.join();
}

Counters Keeper::counters() const {
  Counters counters;
  std::copy(done_.begin(), done_.end(), counters.done.begin());
  counters.failed = failed_;
  return counters;
}

State Keeper::state() {
  return *state_.Lock();
}

// --- when

void Keeper::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (LookIsDue(clock_.Now())) Turn();
    if (census_.CountIfDue(options_.count_pause, clock_)) {
      auto state = state_.Lock();
      state->census = census_.counts();
      state->services = census_.services();
    }
    std::unique_lock lock(wake_mutex_);
    (void)wake_.wait_for(lock, stop, Pause(), [] { return false; });
  }
}

// Shorter while something waits to be written: a server that starts now knows only what is.
milliseconds Keeper::Pause() const {
  constexpr int kHaste = 5;
  return waiting_.empty() ? options_.look_at_most : options_.look_at_most / kHaste;
}

bool Keeper::LookIsDue(SteadyTime now) {
  if (now < soonest_look_) return false;
  if (now >= next_look_) return true;
  const bool due = std::any_of(waiting_.begin(), waiting_.end(),
                               [&](const auto& entry) { return entry.second.due <= now; });
  return due || reader_.Enter()->changes != seen_changes_;
}

void Keeper::Turn() {
  const SteadyTime began = clock_.Now();
  next_look_ = began + options_.look_at_least;
  if (standing_() != Standing::kSynced) {
    sightings_.Clear();  // nobody can tell what happened meanwhile
    return;
  }
  Looked looked;
  {
    const auto view = reader_.Enter();
    seen_changes_ = view->changes;
    looked = Look(*view, options_.look, began, clock_.WallNow(), sightings_);
  }
  sightings_.EndLook();
  const bool more = looked.wants.size() == options_.look.most_wants;
  TakeWants(std::move(looked.wants), began);
  soonest_look_ =
      clock_.Now() + std::max<SteadyTime::duration>(Pause(), kRestTimes * (clock_.Now() - began));
  if (more) next_look_ = soonest_look_;
  state_.Lock()->tally = looked.tally;
  if (began >= not_before_) CarryOut();
}

// --- what

void Keeper::TakeWants(std::vector<Want> wants, SteadyTime now) {
  Waitings next;
  std::uniform_int_distribution<milliseconds::rep> draw(0, options_.spread.count());
  for (Want& want : wants) {
    std::string id = want.Id();
    const auto known = waiting_.find(id);
    if (known != waiting_.end()) {
      if (known->second.tried) retired_.Returned(want.seen.key);  // it is still there
      known->second.tried = false;
      next.insert(waiting_.extract(known));
    } else {
      next[std::move(id)] = {std::move(want), now + milliseconds(draw(random_)), 0, false};
    }
  }
  for (const auto& [id, gone] : waiting_) CountRetiredByOthers(gone);
  waiting_ = std::move(next);
}

void Keeper::CarryOut() {
  std::size_t writes = 0;
  std::size_t beyond = 0;
  told_ = 0;
  const SteadyTime end = clock_.Now() + options_.most_time;
  bool more = false;
  for (auto& [id, waiting] : waiting_) {
    if (waiting.due > clock_.Now()) continue;
    more = writes == options_.most_writes || clock_.Now() > end;
    if (more || stopping_) break;
    if (waiting.want.verb == Verb::kRetire && !MayRetire(waiting.want)) {
      ++beyond;
      continue;
    }
    ++writes;
    if (!CarryOut(waiting)) {
      not_before_ = clock_.Now() + backoff_.Next();
      break;
    }
    backoff_.Reset();
  }
  if (more) next_look_ = soonest_look_;
  protection_told_ = protection_told_ && beyond > 0;
  state_.Lock()->waiting = beyond;
}

bool Keeper::CarryOut(Waiting& waiting) {
  const Want& want = waiting.want;
  const auto done = Write(want);
  waiting.tried = true;
  if (!done) {
    ++failed_;
    TellError(want.verb, done.error());
    waiting.due = clock_.Now() + kAgain;
    const ErrorCode code = done.error().code;
    return code != ErrorCode::kUnavailable && code != ErrorCode::kDeadline &&
           code != ErrorCode::kExhausted;
  }
  error_told_[static_cast<std::size_t>(want.verb)] = false;
  waiting.due = clock_.Now() + kAgain * (1 << std::min(waiting.refused, kMostDoublings));
  if (*done) {
    ++done_[static_cast<std::size_t>(want.verb)];
    Tell(want);
  } else {
    ++waiting.refused;  // another server did it, or the view is behind
  }
  return true;
}

Result<bool> Keeper::Write(const Want& want) {
  const auto deadline = store::After(options_.call_timeout);
  switch (want.verb) {
    case Verb::kHold:
      return records_.Hold(want.seen.key, want.value, want.reason, deadline);
    case Verb::kUnhold:
      return records_.Unhold(want.seen, deadline);
    case Verb::kForgetLost:
      return records_.ForgetLost(want.seen, want.found, deadline);
    case Verb::kDateLost:
      return records_.DateLost(want.seen, want.reason, deadline);
    case Verb::kFinishStopping:
      return records_.FinishStopping(want.seen, want.reason, deadline);
    case Verb::kForgetStopping:
      return records_.ForgetStopping(want.seen, deadline);
    case Verb::kRetire:
      return records_.Retire(want.seen, want.reason, deadline);
    case Verb::kEndMaintenance:
      return records_.EndMaintenance({want.seen.key, want.host}, want.seen.record, deadline);
  }
  return Fail(ErrorCode::kInternal, "a want that is none");
}

// --- retain and protection

bool Keeper::MayRetire(const Want& want) {
  const std::string why = retired_.Weigh(std::span(&want.registration, 1), reader_.Enter()->tree);
  if (why.empty()) return true;
  if (!std::exchange(protection_told_, true)) {
    log::Warn("deregistrations given in advance wait, for they are too many in a while",
              {{"first", want.seen.key}, {"why", why}});
  }
  return false;
}

// It is no longer wanted: if it is gone, another server has done it, and that counts here
// too, since protection is of all servers together.  What was tried here has been counted.
void Keeper::CountRetiredByOthers(const Waiting& gone) {
  if (gone.want.verb != Verb::kRetire || gone.tried) return;
  const auto view = reader_.Enter();
  if (view->tree.FindKey(gone.want.seen.key)) return;
  (void)retired_.Weigh(std::span(&gone.want.registration, 1), view->tree);
}

// --- the log

void Keeper::Tell(const Want& want) {
  if (++told_ > kMostLines) return;
  const std::string subject = want.host.empty() ? want.seen.key : "@" + want.host;
  switch (want.verb) {
    case Verb::kDateLost:
      log::Info("lost", {{"key", subject}, {"why", want.reason.why}});
      break;
    case Verb::kForgetLost:
      log::Info("no longer lost", {{"key", subject}});
      break;
    case Verb::kRetire:
    case Verb::kFinishStopping:
      log::Info("deregistered",
                {{"key", subject}, {"by", want.reason.by}, {"why", want.reason.why}});
      break;
    case Verb::kHold:
      log::Info("held in the store", {{"key", subject}, {"why", want.reason.why}});
      break;
    case Verb::kUnhold:
      log::Info("no longer held, for it is back", {{"key", subject}});
      break;
    case Verb::kEndMaintenance:
      log::Info("maintenance ended", {{"subject", subject}});
      break;
    case Verb::kForgetStopping:
      break;
  }
  if (told_ == kMostLines) log::Info("and more of it; see the metrics");
}

void Keeper::TellError(Verb verb, const Error& error) {
  if (std::exchange(error_told_[static_cast<std::size_t>(verb)], true)) return;
  log::Warn("not written yet; trying again", {{"what", ToString(verb)}, {"error", error.message}});
}

}  // namespace rollcall::keeper
