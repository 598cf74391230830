#include "answer/zones.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace rollcall::answer {
namespace {

// LABELS.ZONE, `labels` from right to left; ZONE itself where that is too long.
wire::Name Under(const wire::Name& zone, std::initializer_list<std::string_view> labels) {
  wire::Name name = zone;
  for (const std::string_view label : labels) {
    if (!name.PrependLabel(label)) return zone;
  }
  return name;
}

Zone MakeZone(wire::Name name) {
  name.ToLower();
  return {name, Under(name, {"dns", "ns"}), Under(name, {"hostmaster"}),
          Under(name, {"dns", "apex"})};
}

}  // namespace

Zones::Zones(Options options) : options_(std::move(options)) {
  for (const wire::Name& name : options_.names) zones_.push_back(MakeZone(name));
  std::stable_sort(zones_.begin(), zones_.end(), [](const Zone& a, const Zone& b) {
    return a.name.view().size() > b.name.view().size();
  });
}

// The names above a given one differ in length, so that the first that fits is
// the longest.
const Zone* Zones::Match(wire::NameView name) const {
  const auto zone = std::find_if(zones_.begin(), zones_.end(),
                                 [&](const Zone& z) { return name.IsAtOrBelow(z.name); });
  return zone == zones_.end() ? nullptr : &*zone;
}

}  // namespace rollcall::answer
