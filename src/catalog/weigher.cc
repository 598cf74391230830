#include "catalog/weigher.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/duration.h"

namespace rollcall::catalog {
namespace {

std::size_t CountOf(const auto& counts, std::string_view name) {
  const auto it = counts.find(name);
  return it == counts.end() ? 0 : it->second;
}

void Decrement(auto& counts, const std::string& name) {
  const auto it = counts.find(name);
  if (it != counts.end() && --it->second == 0) counts.erase(it);
}

}  // namespace

Weigher::Verdict Weigher::Weigh(std::span<const Removal> removals, SteadyTime now) {
  if (options_.share >= 1 || removals.empty()) return {};
  if (removals.size() > 1) {
    return {false, fmt::format("{} vanished at once without a deregistration", removals.size())};
  }
  DropOld(now);
  // Of one key that comes and goes, each time is remembered.
  if (order_.size() >= options_.most_kept) {
    return {false, fmt::format("{} went before, too many to remember", order_.size())};
  }
  const Removal& one = removals.front();
  Returned(one.key);  // it must have been, to vanish again
  std::string why = Exceeds(one.service, one.service_size, CountOf(by_service_, one.service));
  if (why.empty()) {
    why = Exceeds(fmt::format("zone {}", one.zone), one.zone_size, CountOf(by_zone_, one.zone));
  }
  if (why.empty()) why = Exceeds("all", one.all_size, passed_.size());
  if (!why.empty()) return {false, std::move(why)};

  passed_.emplace(one.key, Passed{now, std::string(one.service), std::string(one.zone)});
  order_.emplace_back(now, one.key);
  ++by_service_[std::string(one.service)];
  ++by_zone_[std::string(one.zone)];
  return {};
}

std::string Weigher::Exceeds(std::string_view whose, std::size_t size, std::size_t gone) const {
  const double before = static_cast<double>(size) + static_cast<double>(gone);
  // A share of 0.15 is a little less than 15 %: 3 of 20 are not to fail by that.
  const auto share = static_cast<std::size_t>(std::floor(options_.share * before + 1e-6));
  if (gone + 1 <= std::max(options_.least, share)) return {};
  return fmt::format("{} of {} of {} would be gone within {} without a deregistration", gone + 1,
                     size + gone, whose, model::FormatDuration(options_.window));
}

void Weigher::Returned(std::string_view key) {
  if (passed_.empty()) return;
  const auto it = passed_.find(key);
  if (it == passed_.end()) return;
  Drop(it->second);
  passed_.erase(it);
}

std::size_t Weigher::missing(SteadyTime now) {
  DropOld(now);
  return passed_.size();
}

void Weigher::DropOld(SteadyTime now) {
  while (!order_.empty() && order_.front().first + options_.window <= now) {
    const auto& [at, key] = order_.front();
    const auto it = passed_.find(key);
    if (it != passed_.end() && it->second.at == at) {
      Drop(it->second);
      passed_.erase(it);
    }
    order_.pop_front();
  }
}

void Weigher::Drop(const Passed& passed) {
  Decrement(by_service_, passed.service);
  Decrement(by_zone_, passed.zone);
}

}  // namespace rollcall::catalog
