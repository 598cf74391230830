#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace rollcall::app {

std::string ProgressLine(std::string_view what, std::int64_t done, std::int64_t all,
                         std::string_view unit) {
  constexpr std::int64_t kWidth = 30;
  const std::int64_t least = std::max<std::int64_t>(all, 1);
  const std::int64_t part = std::clamp<std::int64_t>(done, 0, least);
  const auto filled = static_cast<std::size_t>(part * kWidth / least);
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, ' ');
  return fmt::format("{}  [{}] {:3}%  {} of {} {}", what, bar, part * 100 / least, done, all, unit);
}

Progress::Progress(std::string what, std::string unit)
    : what_(std::move(what)), unit_(std::move(unit)), terminal_(isatty(STDERR_FILENO) == 1) {
}

Progress::~Progress() {
  if (width_ > 0) fmt::print(stderr, "\r{}\r", std::string(width_, ' '));
}

void Progress::Show(std::int64_t done, std::int64_t all) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || (done != all && now - drawn_ < std::chrono::milliseconds(100))) return;
  drawn_ = now;
  const std::string line = ProgressLine(what_, done, all, unit_);
  fmt::print(stderr, "\r{:<{}}", line, width_);
  std::fflush(stderr);
  width_ = std::max(width_, line.size());
}

}  // namespace rollcall::app
