// One I/O thread and the connections that live on it.
//
// Threads: Post() and io() from any; the rest as it says.
#pragma once

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/guarded.h"

namespace rollcall::serving::http {

class Connection;

class Loop {
 public:
  // sweep_pause: how often deadlines are looked at.
  explicit Loop(std::chrono::milliseconds sweep_pause);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Start();
  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  // Does it on the loop's thread.  False: the loop has ended, and `work` is dropped.
  bool Post(std::function<void()> work);

  // From any thread, once each and in this order.
  void BeginStop();                          // connections end as soon as they have answered
  void WaitUntilEmpty(SteadyTime deadline);  // until all have
  void CloseAll();                           // who has not yet
  void Join();  // no thread of the loop is left, nor anything that was posted

  // --- On the loop's thread.
  void Add(std::shared_ptr<Connection> connection);
  void Remove(Connection& connection);
  [[nodiscard]] bool stopping() const { return stopping_; }
  // Closes the connection that has been idle for longest.  False: there is none.
  bool CloseOneIdle();
  // Octets of answers that were made for one client each, on their way.
  std::size_t untaken = 0;
  // Closes the connection that has been at such an answer for longest, since before then.  False:
  // there is none.
  bool CutOneOff(SteadyTime before);
  // What was read last, of whichever connection.
  [[nodiscard]] std::array<char, 16'384>& scratch() { return scratch_; }
  // For the header Date.
  [[nodiscard]] const std::string& Date();

 private:
  void Sweep();
  void SweepLater();
  void EndIfEmpty();

  const std::chrono::milliseconds sweep_pause_;
  boost::asio::io_context io_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  boost::asio::steady_timer sweep_{io_};
  Guarded<bool> open_{true};
  Guarded<bool> ended_{false};
  std::condition_variable ended_changed_;
  bool stopping_ = false;
  bool sweeping_ = false;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::array<char, 16'384> scratch_{};
  std::string date_;
  std::chrono::sys_seconds date_of_{};
  std::thread thread_;
};

}  // namespace rollcall::serving::http
