#include "answer/group.h"

#include <algorithm>
#include <string_view>

namespace rollcall::answer {
namespace {

using catalog::Registration;

std::ptrdiff_t Depth(const Registration& registration) {
  return std::count(registration.key.begin(), registration.key.end(), '/');
}

struct Top {
  std::string_view group;
  std::ptrdiff_t depth = 0;
  std::size_t scanned = 0;  // how many services the scan saw
};

// A shallower service without a group ends the scan.
Top FindTop(std::span<const Registration*> services) {
  Top top{services[0]->service.group, Depth(*services[0]), 0};
  for (const Registration* registration : services) {
    ++top.scanned;
    const std::ptrdiff_t depth = Depth(*registration);
    if (depth >= top.depth) continue;
    if (registration->service.group.empty()) break;
    top.depth = depth;
    top.group = registration->service.group;
  }
  return top;
}

}  // namespace

std::size_t KeepGroup(std::span<const Registration*> services) {
  const bool grouped = std::any_of(services.begin(), services.end(),
                                   [](const Registration* r) { return !r->service.group.empty(); });
  if (!grouped) return services.size();
  const Top top = FindTop(services);
  if (top.group.empty()) return services.size();

  const auto other = [&](const Registration* r) {
    return !r->service.group.empty() && r->service.group != top.group;
  };
  const auto seen = services.first(top.scanned);
  const bool disagree = std::any_of(seen.begin(), seen.end(), [&](const Registration* r) {
    return other(r) && Depth(*r) == top.depth;
  });
  if (disagree) return services.size();
  const auto end = std::remove_if(services.begin(), services.end(), other);
  return static_cast<std::size_t>(end - services.begin());
}

}  // namespace rollcall::answer
