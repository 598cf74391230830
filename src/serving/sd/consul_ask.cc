#include "serving/sd/consul_ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "base/quote.h"
#include "model/duration.h"
#include "model/selector.h"

namespace rollcall::serving::sd {
namespace {

constexpr std::size_t kMostQuoted = 100;
constexpr std::size_t kMostTags = 64;

// They change nothing about which instances there are.
constexpr std::array<std::string_view, 10> kIgnored = {
    "near",           "stale", "consistent", "cached", "max_stale",
    "stale-if-error", "token", "pretty",     "hash",   "merge-central-config"};
// Only the default one is here.
constexpr std::array<std::string_view, 2> kOnlyDefault = {"ns", "partition"};

bool IsIn(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string Shown(std::string_view text) {
  return Quote(text.substr(0, kMostQuoted));
}

Asked<void> SetIndex(std::string_view value, ConsulAsk& ask) {
  const char* const end = value.data() + value.size();
  const auto [behind, error] = std::from_chars(value.data(), end, ask.index);
  if (error == std::errc() && behind == end) return {};
  return Refuse(400, "Invalid index");
}

Asked<void> SetWait(std::string_view value, ConsulAsk& ask) {
  const auto wait = model::ParseDuration(value);
  if (!wait || value.empty()) return Refuse(400, "Invalid wait time");
  // No time at all is the usual one to Consul; else its client would ask without a pause.
  if (wait->count() > 0) ask.wait = std::min<std::chrono::milliseconds>(*wait, kMostWait);
  return {};
}

// As Go's strconv.ParseBool() reads it; there without a value is yes.
Asked<void> SetPassing(std::string_view value, ConsulAsk& ask) {
  constexpr std::array<std::string_view, 7> kYes = {"", "1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kNo = {"0", "f", "F", "FALSE", "false", "False"};
  ask.passing = IsIn(kYes, value);
  if (ask.passing || IsIn(kNo, value)) return {};
  return Refuse(400, "Invalid value for ?passing");
}

Asked<void> SetDatacenter(const answer::Zones& zones, std::string_view value, ConsulAsk& ask) {
  if (value.empty()) return {};
  const auto name = wire::Name::FromText(value);
  const answer::Zone* const zone = name ? zones.Match(*name) : nullptr;
  if (zone == nullptr || !(zone->name.view() == name->view())) {
    return Refuse(500, "No path to datacenter");
  }
  ask.zone = zone;
  return {};
}

Asked<void> Set(const answer::Zones& zones, const http::Field& parameter, ConsulAsk& ask) {
  const auto& [name, value] = parameter;
  if (name == "index") return SetIndex(value, ask);
  if (name == "wait") return SetWait(value, ask);
  if (name == "dc") return SetDatacenter(zones, value, ask);
  if (name == "passing") return SetPassing(value, ask);
  if (name == "tag") {
    if (ask.tags.size() == kMostTags) {
      return Refuse(400, fmt::format("more than {} tags are asked for", kMostTags));
    }
    ask.tags.push_back(LowerCase(value));
    return {};
  }
  if (IsIn(kIgnored, name)) return {};
  if (IsIn(kOnlyDefault, name)) {
    if (value.empty() || value == "default") return {};
    return Refuse(400, fmt::format("{} {} is not here", name, Shown(value)));
  }
  if (name == "filter") {
    return Refuse(400, "filter is not supported here; use tag, passing, or another service name");
  }
  return Refuse(400, fmt::format("unknown parameter {}", Shown(name)));
}

}  // namespace

Asked<ConsulAsk> ParseConsulAsk(const answer::Zones& zones,
                                const std::vector<http::Field>& parameters) {
  ConsulAsk ask;
  ask.zone = zones.Match(zones.options().names.front());
  ask.wait = kDefaultWait;
  for (const http::Field& parameter : parameters) {
    if (auto ok = Set(zones, parameter, ask); !ok) {
      return tl::unexpected<Refusal>(std::move(ok.error()));
    }
  }
  std::sort(ask.tags.begin(), ask.tags.end());
  return ask;
}

Asked<answer::Choice> ParseServiceName(const answer::Zone& zone, std::string_view service) {
  const auto name = wire::Name::FromText(fmt::format("{}.{}", service, zone.name.ToText()));
  const bool fits = name && !service.empty() && name->view().IsAtOrBelow(zone.name);
  if (!fits) return Refuse(400, fmt::format("{} is no name of a service", Shown(service)));
  answer::Choice choice = answer::Choose(zone, *name);
  const wire::NameView plain = choice.name;
  if (plain.size() > zone.name.view().size() && model::ParseSelector(plain.FirstLabel())) {
    return Refuse(400, fmt::format("{} names two shards", Shown(service)));
  }
  return choice;
}

}  // namespace rollcall::serving::sd
