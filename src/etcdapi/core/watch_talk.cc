#include "etcdapi/core/watch_talk.h"

#include <algorithm>
#include <random>
#include <utility>

#include "etcdapi/core/status.h"

namespace rollcall::etcdapi {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostAnswers = 16;
constexpr std::size_t kMostOctets = std::size_t{1} << 20;    // of one message, about
constexpr std::size_t kLeastOctets = std::size_t{32} << 10;  // where room is short
constexpr std::size_t kSharesOfRoom = 16;
constexpr std::size_t kOctetsPerChange = 64;  // besides keys and values
// With a client that does not read, while others wait for room.
constexpr milliseconds kShortPatience{1000};

std::size_t SizeOf(const WatchMessage& message) {
  std::size_t octets = kOctetsPerChange + message.cancel_reason.size();
  for (const auto& change : message.changes) {
    octets += kOctetsPerChange + change.record->size();
    if (change.previous) octets += change.previous->size();
  }
  return octets;
}

SteadyTime::rep Count(SteadyTime time) {
  return time.time_since_epoch().count();
}

// Not all at the same time, though all came back together after a restart.
SteadyTime NextInterval(SteadyTime now, milliseconds interval) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<milliseconds::rep> draw(0, interval.count() / 10);
  return now + interval + milliseconds(draw(random));
}

}  // namespace

WatchTalk::WatchTalk(Workers& workers, WatchSetup& setup, WatchLine& line,
                     std::function<Result<void>()> admit)
    : InTurns(workers),
      setup_(setup),
      admit_(std::move(admit)),
      interval_end_(Count(NextInterval(setup.clock.Now(), setup.progress))),
      line_(&line) {
}

// --- news, from any thread

template <typename Note>
void WatchTalk::Leave(Note note) {
  {
    auto news = news_.Lock();
    note(*news);
  }
  Wake();
}

void WatchTalk::OnRequest(WatchRequest request) {
  Leave([&](News& news) { news.request = std::move(request); });
}

void WatchTalk::OnReadEnd() {
  Leave([](News& news) { news.read_end = true; });
}

void WatchTalk::OnSent() {
  Leave([](News& news) { news.sent = true; });
}

void WatchTalk::OnBroken() {
  Leave([](News& news) { news.broken = true; });
}

void WatchTalk::Close(Error error) {
  Leave([&](News& news) { news.close = std::move(error); });
}

void WatchTalk::Tick(SteadyTime now, bool hurry) {
  const SteadyTime since{SteadyTime::duration(sending_since_)};
  const milliseconds patience = hurry ? std::min(kShortPatience, setup_.patience) : setup_.patience;
  if (since != SteadyTime{} && now - since > patience) {
    // Until the turn has come, others look at it too.
    if (sending_since_.exchange(0) == 0) return;
    setup_.given_up.fetch_add(1);
    return Close({ErrorCode::kUnavailable, "watch stream ended, since its client does not read"});
  }
  if (Count(now) >= interval_end_) {
    interval_end_ = Count(NextInterval(now, setup_.progress));
    Leave([](News& news) { news.interval_over = true; });
  } else if (waits_for_room_) {
    Wake();
  }
}

// --- turns

void WatchTalk::Turn() {
  News news;
  std::swap(news, *news_.Lock());
  if (line_ == nullptr) return;
  if (!set_) Start();
  if (news.broken) return End(Fail(ErrorCode::kCancelled, "watch canceled"));
  if (news.close) return End(Fail(*std::move(news.close)));
  if (news.sent) {
    sending_ = false;
    sending_since_ = 0;
    octets_ = {};
  }
  if (news.request) {
    reading_ = false;
    Handle(*news.request);
  }
  read_end_ = read_end_ || news.read_end;
  if (news.interval_over) set_->TellProgress();
  if (!sending_) Say();
  if (line_ != nullptr && !reading_ && !read_end_ && set_->answers() < kMostAnswers) {
    reading_ = true;
    line_->Read();
  }
}

void WatchTalk::Start() {
  set_ = std::make_unique<WatchSet>(setup_.engine, setup_.watches, setup_.bounds,
                                    [weak = weak_from_this()] {
                                      if (const auto self = weak.lock()) self->Wake();
                                    });
}

void WatchTalk::Handle(const WatchRequest& request) {
  if (const auto* order = std::get_if<WatchOrder>(&request)) {
    if (const auto admitted = admit_(); !admitted) {
      return set_->Refuse(ToReason(admitted.error()));
    }
    set_->Create(*order);
  } else if (const auto* cancel = std::get_if<WatchCancel>(&request)) {
    set_->Cancel(cancel->id);
  } else if (std::holds_alternative<WatchProgress>(request)) {
    set_->AskProgress();
  }
}

void WatchTalk::Say() {
  if (!next_) {
    next_ = set_->Next(std::clamp(setup_.octets.left() / kSharesOfRoom, kLeastOctets, kMostOctets));
  }
  if (next_) {
    waits_for_room_ = !Send();
  } else if (set_->is_over()) {
    End(Fail(ErrorCode::kUnavailable, "server stopped"));
  } else if (read_end_ && set_->size() == 0) {
    End({});
  }
}

bool WatchTalk::Send() {
  auto room = setup_.octets.Take(SizeOf(*next_));
  if (!room) return false;
  octets_ = *std::move(room);
  sending_ = true;
  sending_since_ = Count(setup_.clock.Now());
  line_->Send(*std::exchange(next_, std::nullopt));
  return true;
}

void WatchTalk::End(const Result<void>& status) {
  waits_for_room_ = false;
  sending_since_ = 0;
  set_.reset();
  next_.reset();
  std::exchange(line_, nullptr)->End(status);
}

}  // namespace rollcall::etcdapi
