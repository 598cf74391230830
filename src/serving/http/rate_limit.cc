#include "serving/http/rate_limit.h"

#include <arpa/inet.h>

#include <algorithm>

namespace rollcall::serving::http {
namespace {

constexpr std::chrono::seconds kSweepPause{1};  // each looks at all of them
// Two of them are within what the clock's nanoseconds can count.
constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365 * 50);

}  // namespace

RateLimit::RateLimit(Rate rate, std::size_t most)
    : rate_(rate), interval_(std::min(rate.interval, kLongest)), room_(0), most_(most) {
  const int more = std::max(rate.burst - 1, 0);
  if (more > 0) room_ = interval_ > kLongest / more ? kLongest : interval_ * more;
}

SteadyTime& RateLimit::FullAt(std::string_view address, SteadyTime now) {
  std::string key = ClientKey(address);
  if (full_at_.size() >= most_ && !full_at_.contains(key)) {
    if (now >= next_sweep_) {
      std::erase_if(full_at_, [&](const auto& entry) { return entry.second <= now; });
      next_sweep_ = now + kSweepPause;
    }
    if (full_at_.size() >= most_) key.clear();
  }
  SteadyTime& full_at = full_at_[key];
  full_at = std::max(full_at, now);
  return full_at;
}

bool RateLimit::Has(std::string_view address, SteadyTime now) {
  if (rate_.interval.count() <= 0) return true;
  return FullAt(address, now) - now <= room_;
}

bool RateLimit::Take(std::string_view address, SteadyTime now) {
  if (rate_.interval.count() <= 0) return true;
  SteadyTime& full_at = FullAt(address, now);
  if (full_at - now > room_) return false;
  full_at += interval_;
  return true;
}

std::chrono::seconds RateLimit::Wait() const {
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(rate_.interval));
}

std::string ClientKey(std::string_view address) {
  const std::string text(address);
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
  return "6:" + std::string(reinterpret_cast<const char*>(six.s6_addr), 8);
}

}  // namespace rollcall::serving::http
