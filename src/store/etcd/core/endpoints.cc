#include "store/etcd/core/endpoints.h"

#include <algorithm>

namespace rollcall::store::etcd {

EndpointPicker::EndpointPicker(std::size_t size, std::chrono::milliseconds penalty)
    : penalty_(penalty), failed_at_(size) {
}

bool EndpointPicker::FailedLately(std::size_t endpoint, SteadyTime now) const {
  const auto& at = failed_at_[endpoint];
  return at.has_value() && now - *at < penalty_;
}

std::vector<std::size_t> EndpointPicker::Order(SteadyTime now) const {
  std::vector<std::size_t> good;
  std::vector<std::size_t> failed;
  for (std::size_t step = 0; step < failed_at_.size(); ++step) {
    const std::size_t endpoint = (current_ + step) % failed_at_.size();
    (FailedLately(endpoint, now) ? failed : good).push_back(endpoint);
  }
  std::stable_sort(failed.begin(), failed.end(),
                   [this](std::size_t a, std::size_t b) { return failed_at_[a] < failed_at_[b]; });
  good.insert(good.end(), failed.begin(), failed.end());
  return good;
}

void EndpointPicker::MarkFailed(std::size_t endpoint, SteadyTime now) {
  failed_at_[endpoint] = now;
}

bool EndpointPicker::MarkAnswered(std::size_t endpoint) {
  failed_at_[endpoint].reset();
  if (endpoint == current_ || !failed_at_[current_]) return false;
  current_ = endpoint;
  return true;
}

SteadyTime ShareOf(SteadyTime now, SteadyTime deadline, std::size_t tries) {
  if (deadline <= now) return deadline;
  return now + (deadline - now) / static_cast<SteadyTime::rep>(tries);
}

}  // namespace rollcall::store::etcd
