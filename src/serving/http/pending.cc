#include "serving/http/pending.h"

#include <utility>

namespace rollcall::serving::http {

bool Pending::TellGone() {
  std::function<void()> tell;
  {
    auto locked = state.Lock();
    locked->gone = true;
    locked->pieces.clear();
    tell = std::exchange(locked->when_gone, nullptr);
  }
  if (!tell) return false;
  tell();
  return true;
}

PendingExchange::~PendingExchange() {
  auto state = pending_->state.Lock();
  if (state->over) return;
  state->over = true;
  state->dropped = true;
  Changed(std::move(state));
}

bool Pending::TellHalfGone() {
  {
    auto locked = state.Lock();
    if (locked->begun && locked->ends) return false;
    const bool stream = locked->begun && !locked->over;
    if (!stream && !locked->when_gone) {
      locked->half_gone = true;
      return false;
    }
  }
  TellGone();
  return true;
}

void PendingExchange::Changed(Guarded<Pending::State>::Handle state) {
  // It may hold the last of this exchange, which must not go under the lock, nor under our feet.
  std::function<void()> forgotten;
  if (state->over) forgotten = std::exchange(state->when_gone, nullptr);
  const bool wake = !std::exchange(state->scheduled, true);
  { const auto unlock = std::move(state); }
  if (wake) waker_->Wake();
}

void PendingExchange::Reply(Response response) {
  auto state = pending_->state.Lock();
  if (state->over || state->begun) return;
  state->response = std::move(response);
  state->over = true;
  Changed(std::move(state));
}

void PendingExchange::Begin(Response head) {
  auto state = pending_->state.Lock();
  if (state->over || state->begun) return;
  if (auto* const pieces = std::get_if<Pieces>(&head.body)) {
    state->ends = true;
    for (Octets& piece : *pieces) {
      // As a chunk an empty one would be the end.
      if (!head_only_ && !piece->empty()) state->pieces.push_back({std::move(piece), 0});
    }
  }
  state->response = std::move(head);
  state->begun = true;
  state->over = head_only_;
  Changed(std::move(state));
}

bool PendingExchange::Send(Octets piece) {
  const std::size_t size = piece->size();
  return Push({std::move(piece), size});
}

bool PendingExchange::SendShared(Octets piece) {
  return Push({std::move(piece), 0});
}

bool PendingExchange::Push(Pending::Piece piece) {
  auto state = pending_->state.Lock();
  if (state->gone || state->cut || state->over || !state->begun) return false;
  if (state->half_gone && !state->ends) return false;
  if (piece.octets->empty()) return true;
  state->waiting += piece.waiting;
  state->cut = state->waiting > most_waiting_;
  const bool wanted = !state->cut;
  if (wanted) state->pieces.push_back(std::move(piece));
  Changed(std::move(state));
  return wanted;
}

void PendingExchange::End() {
  auto state = pending_->state.Lock();
  if (state->over || !state->begun) return;
  state->over = true;
  Changed(std::move(state));
}

void PendingExchange::WhenGone(std::function<void()> gone) {
  {
    auto state = pending_->state.Lock();
    if (state->over) return;
    if (!state->gone && !state->half_gone) {
      state->when_gone = std::move(gone);
      return;
    }
  }
  gone();
}

}  // namespace rollcall::serving::http
