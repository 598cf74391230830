// One exchange between its handler, on any thread, and its connection, on that of its loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/guarded.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::http {

// What the handler has said and the connection has not taken up yet.
struct Pending {
  struct Piece {
    Octets octets;
    std::size_t waiting = 0;  // what it counts for: 0 of Exchange::SendShared()
  };
  struct State {
    std::optional<Response> response;  // of Reply() or Begin()
    std::vector<Piece> pieces;
    std::size_t waiting = 0;  // octets of Piece::waiting, until the client's system has them
    bool begun = false;
    bool ends = false;       // what has begun: it has an end, and soon
    bool over = false;       // Reply() or End(): no more comes from the handler
    bool dropped = false;    // the handler let it go unanswered
    bool gone = false;       // no more is wanted
    bool half_gone = false;  // the client sends no more: wanted is only what ends
    bool cut = false;        // the client reads too slowly
    bool scheduled = false;  // the connection will look anyway
    std::function<void()> when_gone;
  };
  Guarded<State> state;

  // Tells the handler, once.  True: it had asked to be told.
  bool TellGone();
  // The client sends no more.  True: no answer is due any more, and the handler knows.
  bool TellHalfGone();
};

// Whoever takes up what is pending; any thread may call it.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void Wake() = 0;
};

class PendingExchange final : public Exchange {
 public:
  // most_waiting: octets of pieces that may wait for a slow reader; head_only: of a HEAD.
  PendingExchange(Request request, std::shared_ptr<Pending> pending, std::shared_ptr<Waker> waker,
                  std::size_t most_waiting, bool head_only)
      : request_(std::move(request)),
        pending_(std::move(pending)),
        waker_(std::move(waker)),
        most_waiting_(most_waiting),
        head_only_(head_only) {}
  ~PendingExchange() override;
  PendingExchange(const PendingExchange&) = delete;
  PendingExchange& operator=(const PendingExchange&) = delete;

  [[nodiscard]] const Request& request() const override { return request_; }
  void Reply(Response response) override;
  void Begin(Response head) override;
  [[nodiscard]] bool Send(Octets piece) override;
  [[nodiscard]] bool SendShared(Octets piece) override;
  void End() override;
  [[nodiscard]] std::size_t waiting() const override { return pending_->state.Lock()->waiting; }
  void WhenGone(std::function<void()> gone) override;

 private:
  [[nodiscard]] bool Push(Pending::Piece piece);
  // Wakes the connection unless it looks anyway; what was asked for at the end is forgotten.
  void Changed(Guarded<Pending::State>::Handle state);

  const Request request_;
  const std::shared_ptr<Pending> pending_;
  const std::shared_ptr<Waker> waker_;
  const std::size_t most_waiting_;
  const bool head_only_;
};

}  // namespace rollcall::serving::http
