// How many runs there may be at once: who is beyond that waits for his turn.
//
// Those that did not answer in time at their last run share half of the places, so that
// a service which hangs, with all its instances, holds up only its like.
//
// Threads: that of the coroutines.  Close() before their context goes.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

namespace rollcall::agent {

class Gate {
 public:
  // A place, until it goes.
  class Pass {
   public:
    Pass(Gate& gate, bool slow) : gate_(&gate), slow_(slow) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), slow_(other.slow_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->Leave(slow_);
    }

   private:
    Gate* gate_;
    bool slow_;
  };

  // Requires: most >= 2.
  explicit Gate(std::size_t most) : most_(most) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  [[nodiscard]] boost::asio::awaitable<Pass> Enter(bool slow) {
    if (!HasRoom(slow) || !queues_[slow].empty()) {
      const auto waiter = std::make_shared<Waiter>(co_await boost::asio::this_coro::executor);
      queues_[slow].push_back(waiter);
      while (!waiter->let_in) {
        (void)co_await waiter->turn.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      }
    } else {
      TakePlace(slow);
    }
    co_return Pass(*this, slow);
  }

  // From here on nobody is let in.
  void Close() {
    closed_ = true;
    for (auto& queue : queues_) queue.clear();
  }

  [[nodiscard]] std::size_t inside() const { return inside_; }

 private:
  struct Waiter {
    explicit Waiter(const boost::asio::any_io_executor& executor)
        : turn(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer turn;
    bool let_in = false;
  };

  [[nodiscard]] bool HasRoom(bool slow) const {
    return inside_ < most_ && (!slow || slow_inside_ < most_ / 2);
  }
  void TakePlace(bool slow) {
    ++inside_;
    if (slow) ++slow_inside_;
  }
  void Leave(bool slow) {
    --inside_;
    if (slow) --slow_inside_;
    if (closed_) return;
    for (const bool next : {false, true}) {
      auto& queue = queues_[next];
      while (!queue.empty() && HasRoom(next)) {
        const auto waiter = std::move(queue.front());
        queue.pop_front();
        TakePlace(next);
        waiter->let_in = true;
        waiter->turn.cancel();
      }
    }
  }

  std::size_t most_;
  std::size_t inside_ = 0;
  std::size_t slow_inside_ = 0;
  bool closed_ = false;
  std::deque<std::shared_ptr<Waiter>> queues_[2];  // of the quick, of the slow
};

}  // namespace rollcall::agent
