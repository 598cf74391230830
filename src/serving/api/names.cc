#include "serving/api/names.h"

#include <fmt/format.h>

#include "base/quote.h"

namespace rollcall::serving::api {

Result<wire::Name> ReadName(std::string_view text) {
  constexpr std::size_t kMostShown = 128;
  auto name = wire::Name::FromText(text);
  if (!name) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("{} is no name: {}", Quote(text.substr(0, kMostShown)), name.error().message));
  }
  if (name->view().IsRoot()) return Fail(ErrorCode::kInvalid, "no name is given");
  return name;
}

std::string TextOf(wire::NameView name) {
  std::string text = name.ToText();
  if (text.size() > 1) text.pop_back();
  return text;
}

Place PlaceOf(wire::NameView name, const answer::Zones& zones) {
  const answer::Zone* const zone = zones.Match(name);
  if (zone == nullptr) return {};
  Place place{"", TextOf(zone->name)};
  const std::string whole = name.ToText();
  const std::size_t rest = zone->name.ToText().size();
  // The zone stands at the end of the name, maybe with other capitals, equally escaped.
  if (whole.size() > rest) place.service = whole.substr(0, whole.size() - rest - 1);
  return place;
}

NameParts Split(wire::NameView name, const answer::Zones& zones) {
  if (name.IsRoot()) return {};
  NameParts parts;
  parts.parent = TextOf(name.Parent());
  const std::string whole = name.ToText();
  const std::string parent = name.Parent().ToText();
  // The first label as it is escaped in the whole name.
  parts.instance = whole.substr(0, whole.size() - (name.Parent().IsRoot() ? 0 : parent.size()) - 1);
  Place place = PlaceOf(name.Parent(), zones);
  parts.service = std::move(place.service);
  parts.zone = std::move(place.zone);
  return parts;
}

}  // namespace rollcall::serving::api
