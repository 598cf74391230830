#include "app/flusher.h"

#include <utility>

namespace rollcall::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{1000};
// Short, so that the server's end does not wait for it.
constexpr milliseconds kFlushPatience{2000};
constexpr milliseconds kRetryFirst{1000};
constexpr milliseconds kRetryMost{60'000};

}  // namespace

Flusher::Flusher(StoreOptions options, std::function<bool()> synced)
    : synced_(std::move(synced)),
      session_(Session::OpenToFlush(std::move(options))),
      backoff_(kRetryFirst, kRetryMost),
      thread_([this](const std::stop_token& stop) { Loop(stop); }) {
}

bool Flusher::Sleep(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  (void)wake_.wait_for(lock, stop, kLook, [] { return false; });
  return !stop.stop_requested();
}

void Flusher::Loop(const std::stop_token& stop) {
  log::Debug("looking after pending orders",
             {{"directory", session_->pending().directory().string()}});
  while (Sleep(stop)) {
    if (synced_()) {
      Look();
    } else {  // whatever waits is due as soon as the store is back
      seen_.reset();
      next_try_ = {};
      backoff_.Reset();
      told_.reset();
    }
  }
}

void Flusher::Look() {
  if (SystemClock().Now() < next_try_) return;
  const auto changed = session_->pending().ChangedAt();
  if (!changed) {
    const bool nothing_waits = changed.error().code == ErrorCode::kNotFound;
    if (!nothing_waits) Tell(log::Level::kDebug, changed.error());
    return;
  }
  if (*changed == seen_) return;
  if (const auto flushed = session_->Flush("", false, store::After(kFlushPatience)); !flushed) {
    // The feed has said already that the store is away.
    Tell(IsAway(flushed.error()) ? log::Level::kDebug : log::Level::kWarn, flushed.error());
    next_try_ = SystemClock().Now() + backoff_.Next();
    return;
  }
  seen_ = *changed;
  backoff_.Reset();
  told_.reset();
}

void Flusher::Tell(log::Level level, const Error& why) {
  const std::pair kind(level, why.code);
  if (std::exchange(told_, kind) == kind) return;
  log::Write(level, "pending orders not carried out", {{"error", why.message}});
}

}  // namespace rollcall::app
