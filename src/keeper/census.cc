#include "keeper/census.h"

#include <algorithm>
#include <utility>

#include "catalog/marks.h"

namespace rollcall::keeper {
namespace {

constexpr std::size_t kPiece = 2000;
constexpr int kPauseTimes = 50;

// The name that it lies right under, or its own if it has none of its own (wire form, as in its
// key).
wire::NameView ServiceOf(const catalog::Registration& registration) {
  const wire::NameView name(registration.name);
  return registration.nameless || name.IsRoot() ? name : name.Parent();
}

std::string TextOf(wire::NameView name) {
  wire::Name lower(name);
  lower.ToLower();
  std::string text = lower.ToText();
  if (text.size() > 1) text.pop_back();
  return text;
}

Census::Service& Entry(Census::Services& services, std::string name) {
  const auto found = services.find(name);
  if (found != services.end()) return found->second;
  // One more, for kOther itself.
  const bool full = services.size() >= Census::kMostServices;
  return services[full ? std::string(Census::kOther) : std::move(name)];
}

}  // namespace

bool Census::CountIfDue(std::chrono::milliseconds pause, const Clock& clock) {
  const SteadyTime began = clock.Now();
  if (began < next_) return false;
  {
    const auto view = reader_.Enter();
    const bool ends =
        std::exchange(time_matters_, !view->marks.Of(model::Area::kMaintenance).empty());
    if (view->changes == changes_ && !ends) return false;
    changes_ = view->changes;
  }
  Counts counts{};
  last_.clear();
  const WallTime now = clock.WallNow();
  auto services = std::make_shared<Services>();
  while (CountPiece(counts, *services, now)) {
  }
  counts_ = counts;
  services_ = std::move(services);
  const SteadyTime ended = clock.Now();
  next_ = ended + std::max<SteadyTime::duration>(pause, kPauseTimes * (ended - began));
  return true;
}

bool Census::CountPiece(Counts& counts, Services& services, WallTime now) {
  const auto view = reader_.Enter();
  // Neighbours mostly are of one service.
  std::string name;  // wire form, as in the key
  Service* service = nullptr;
  std::size_t left = kPiece;
  view->tree.VisitFrom(last_, [&](const catalog::Registration& registration) {
    if (registration.key == last_) return true;  // it was the last of the piece before
    if (left == 0) return false;
    if (--left == 0) last_ = registration.key;
    if (!registration.usable()) return true;
    const auto state = static_cast<std::size_t>(catalog::StateOf(registration, view->marks, now));
    ++counts[state];
    const wire::NameView above = ServiceOf(registration);
    if (service == nullptr || above.wire() != name) {
      name = above.wire();
      service = &Entry(services, TextOf(above));
    }
    ++service->states[state];
    if (view->marks.Find(model::Area::kHeld, registration.key) != nullptr) ++service->held;
    return true;
  });
  return left == 0;
}

}  // namespace rollcall::keeper
