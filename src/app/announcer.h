// Registers a program as soon as its port answers, however long the store is away.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "app/orders.h"
#include "base/result.h"

namespace rollcall::app {

// True if something accepts a TCP connection there.
[[nodiscard]] bool PortAnswers(const std::string& address, std::uint16_t port,
                               std::chrono::milliseconds patience);

// Threads: one of its own, from construction to Stop().
class Announcer {
 public:
  // Borrows `session` until destroyed.
  Announcer(Session& session, PendingOrder order);
  ~Announcer() { Stop(); }
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

  // Ends the tries; bounded by the call in flight.
  void Stop();
  // With which address the registration was written; "": it was not, as far as we
  // know.  After Stop().
  [[nodiscard]] const std::string& registered_address() const { return registered_address_; }

 private:
  enum class Stage { kNone, kPort, kPortLate, kStore };

  void Loop(const std::stop_token& stop);
  [[nodiscard]] Result<void> Once(const std::stop_token& stop);
  // Each cause of waiting is told once, until another takes its place.
  void TellWait(const Error& why);
  // False: asked to stop meanwhile.
  bool Sleep(const std::stop_token& stop, std::chrono::milliseconds wait);

  Session& session_;
  PendingOrder order_;
  std::string registered_address_;
  Stage stage_ = Stage::kNone;  // what is being tried
  Stage told_ = Stage::kNone;   // what the log last said we wait for
  SteadyTime started_ = SystemClock().Now();
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace rollcall::app
