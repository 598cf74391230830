// A bar on a terminal for work that takes long; nothing where there is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::app {

// "copying  [##########          ]  50%  500000 of 1000000 keys".  Pure.
[[nodiscard]] std::string ProgressLine(std::string_view what, std::int64_t done, std::int64_t all,
                                       std::string_view unit);

// Threads: one.
class Progress {
 public:
  // To standard error.
  Progress(std::string what, std::string unit);
  ~Progress();  // takes the bar away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Draws at most ten times a second.
  void Show(std::int64_t done, std::int64_t all);

 private:
  const std::string what_;
  const std::string unit_;
  const bool terminal_;
  std::size_t width_ = 0;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace rollcall::app
