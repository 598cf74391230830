// An exchange without a socket: what a handler answers is kept, for tests to look at.
//
// Threads: as Exchange; the members of its own may be called at the same time.
#pragma once

#include <string>
#include <utility>

#include "base/guarded.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::http::testing {

class RecordedExchange final : public Exchange {
 public:
  explicit RecordedExchange(Request request) : request_(std::move(request)) {}

  [[nodiscard]] const Request& request() const override { return request_; }
  void Reply(Response response) override {
    auto state = state_.Lock();
    state->response = std::move(response);
    state->over = true;
  }
  void Begin(Response head) override {
    auto state = state_.Lock();
    if (auto* const pieces = std::get_if<Pieces>(&head.body)) {
      for (const Octets& piece : *pieces) state->sent += *piece;
      head.body = std::string();
    }
    state->response = std::move(head);
  }
  [[nodiscard]] bool Send(Octets piece) override {
    auto state = state_.Lock();
    if (state->gone) return false;
    state->sent += *piece;
    return true;
  }
  [[nodiscard]] bool SendShared(Octets piece) override { return Send(std::move(piece)); }
  void End() override { state_.Lock()->over = true; }
  [[nodiscard]] std::size_t waiting() const override { return 0; }
  void WhenGone(std::function<void()> gone) override {
    auto state = state_.Lock();
    if (!state->gone) state->when_gone = std::move(gone);
  }

  // The client goes.
  void Leave() {
    std::function<void()> tell;
    {
      auto state = state_.Lock();
      state->gone = true;
      if (!state->over) tell = std::exchange(state->when_gone, nullptr);
    }
    if (tell) tell();
  }

  // Whether the answer is whole.
  [[nodiscard]] bool over() const { return state_.Lock()->over; }
  // Of Reply() or Begin().
  [[nodiscard]] Response response() const { return state_.Lock()->response; }
  // The body of Reply(), or all that was sent so far.
  [[nodiscard]] std::string body() const {
    auto state = state_.Lock();
    if (const auto* text = std::get_if<std::string>(&state->response.body)) {
      return *text + state->sent;
    }
    if (const auto* octets = std::get_if<Octets>(&state->response.body)) return **octets;
    std::string whole;
    for (const Octets& piece : std::get<Pieces>(state->response.body)) whole += *piece;
    return whole;
  }

 private:
  struct State {
    Response response;
    std::string sent;
    bool over = false;
    bool gone = false;
    std::function<void()> when_gone;
  };
  const Request request_;
  mutable Guarded<State> state_;
};

}  // namespace rollcall::serving::http::testing
