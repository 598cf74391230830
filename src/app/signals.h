// Signals as something to wait for, instead of something that interrupts.
#pragma once

#include <chrono>
#include <csignal>
#include <initializer_list>
#include <optional>

namespace rollcall::app {

struct Signal {
  int number = 0;
  bool by_kernel = false;  // a key at the terminal: its whole process group got it
};

// Blocks the given signals for this thread and all that it starts from now on, so
// make it before the first thread; they stay blocked when it goes.
class Signals {
 public:
  explicit Signals(std::initializer_list<int> numbers);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next one, waiting for it at most so long.
  [[nodiscard]] std::optional<Signal> WaitFor(std::chrono::milliseconds wait) const;

 private:
  int fd_;
};

}  // namespace rollcall::app
