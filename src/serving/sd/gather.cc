#include "serving/sd/gather.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/marks.h"

namespace rollcall::serving::sd {
namespace {

using model::State;

constexpr std::size_t kStatesAtOnce = 4096;

// The next end of a maintenance by the clock.
std::optional<WallTime> NextEnd(const catalog::Marks& marks, WallTime now) {
  std::optional<WallTime> next;
  for (const auto& [subject, mark] : marks.Of(model::Area::kMaintenance)) {
    const auto& until = mark->record.until;
    if (until && *until > now && (!next || *until < *next)) next = until;
  }
  return next;
}

void AppendLower(std::string_view label, std::string& text) {
  std::transform(label.begin(), label.end(), std::back_inserter(text), wire::ToLower);
}

}  // namespace

Gathered Gather(catalog::Readers& readers, const answer::Zones& zones, const answer::Zone& zone,
                const answer::Choice& choice, answer::Hosts hosts, WallTime wall_now) {
  Gathered gathered;
  auto reader = readers.Borrow();
  answer::Instances found;
  {
    const auto view = reader.Enter();
    gathered.moment = {answer::TouchedAt(*view, zone, choice.name), view->changes};
    gathered.revision = view->revision;
    gathered.good_until = NextEnd(view->marks, wall_now);
    found = answer::FindInstances(*view, zones, zone, choice, hosts, wall_now);
  }
  gathered.presence = found.presence;
  gathered.elsewhere = found.elsewhere;
  gathered.targets.reserve(found.all.size());
  for (answer::Instance& instance : found.all) {
    gathered.targets.push_back({std::move(instance), State::kStatic});
  }
  for (std::size_t begin = 0; begin < gathered.targets.size(); begin += kStatesAtOnce) {
    const std::size_t end = std::min(begin + kStatesAtOnce, gathered.targets.size());
    const auto view = reader.Enter();
    for (std::size_t i = begin; i < end; ++i) {
      Target& target = gathered.targets[i];
      target.state = catalog::StateOf(*target.instance.registration, view->marks, wall_now);
    }
  }
  return gathered;
}

std::string_view HealthOf(State state) {
  switch (state) {
    case State::kStatic:
    case State::kPassing:
      return "passing";
    case State::kWarning:
      return "warning";
    case State::kCritical:
    case State::kLost:
      return "critical";
    case State::kMaintenance:
      return "maintenance";
  }
  return "critical";
}

std::string ServiceOf(const catalog::Registration& registration, const answer::Zone& zone) {
  std::string text;
  wire::NameView name(registration.name);
  const std::size_t zone_size = zone.name.view().size();
  if (name.size() <= zone_size) return text;
  if (!registration.nameless) name = name.Parent();
  for (; name.size() > zone_size; name = name.Parent()) {
    if (!text.empty()) text += '.';
    AppendLower(name.FirstLabel(), text);
  }
  return text;
}

std::string InstanceOf(const catalog::Registration& registration) {
  const wire::NameView name(registration.name);
  return name.IsRoot() ? std::string() : std::string(name.FirstLabel());
}

std::string ZoneText(const answer::Zone& zone) {
  std::string text = zone.name.ToText();
  text.pop_back();
  return text;
}

void AppendAddress(const answer::Instance& instance, std::string& out) {
  if (instance.kind == model::HostKind::kIpv4) {
    const auto& octets = instance.address;
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) out += '.';
      const fmt::format_int digits(octets[i]);
      out.append(digits.data(), digits.size());
    }
  } else if (instance.kind == model::HostKind::kIpv6) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    out += inet_ntop(AF_INET6, instance.address.data(), text.data(), text.size());
  } else {
    out += answer::TargetText(*instance.registration);
  }
}

}  // namespace rollcall::serving::sd
