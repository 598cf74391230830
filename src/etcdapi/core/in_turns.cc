#include "etcdapi/core/in_turns.h"

#include <utility>

namespace rollcall::etcdapi {

void InTurns::Wake() {
  {
    auto state = state_.Lock();
    if (*state == State::kRunning) *state = State::kDueAgain;
    if (*state != State::kIdle) return;
    *state = State::kDue;
  }
  workers_.Post([self = shared_from_this()] { self->Run(); });
}

void InTurns::Run() {
  *state_.Lock() = State::kRunning;
  Turn();
  {
    auto state = state_.Lock();
    if (*state == State::kRunning) *state = State::kIdle;
    if (*state == State::kIdle) return;
    *state = State::kDue;
  }
  // At the end of the queue: others have their turn first.
  workers_.Post([self = shared_from_this()] { self->Run(); });
}

}  // namespace rollcall::etcdapi
