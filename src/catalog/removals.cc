#include "catalog/removals.h"

#include <algorithm>
#include <utility>

namespace rollcall::catalog {
namespace {

std::vector<wire::Name> LowerCase(std::vector<wire::Name> names) {
  for (wire::Name& name : names) name.ToLower();
  return names;
}

std::size_t CountAt(const Tree& tree, wire::NameView name) {
  const Node* const node = tree.Find(name);
  return node ? node->count() : 0;
}

}  // namespace

Removals::Removals(ProtectOptions options, std::vector<wire::Name> zones, const Clock& clock)
    : clock_(clock),
      zones_(LowerCase(std::move(zones))),
      protects_(options.share < 1),
      weigher_(options) {
}

void Removals::HearGone(const std::string& key, store::Revision revision) {
  store::Revision& known = gone_[key];
  known = std::max(known, revision);
}

void Removals::ForgetGone(std::string_view key, store::Revision revision) {
  const auto mark = gone_.find(key);
  if (mark != gone_.end() && mark->second < revision) gone_.erase(mark);
}

bool Removals::IsMarked(std::string_view key, store::Revision written) const {
  const auto mark = gone_.find(key);
  // An older mark is of an earlier deregistration: a store restored from a backup may
  // still have one that a later registration had removed.
  return mark != gone_.end() && mark->second > written;
}

wire::NameView Removals::ZoneOf(wire::NameView name) const {
  wire::NameView found;
  for (const wire::Name& zone : zones_) {
    if (name.IsAtOrBelow(zone) && zone.view().size() > found.size()) found = zone;
  }
  return found;
}

std::string Removals::Weigh(std::span<const RegistrationPtr> gone, const Tree& tree) {
  if (!protects_ || gone.empty()) return {};
  std::vector<std::pair<std::string, std::string>> texts;  // what `removals` borrow from
  texts.reserve(gone.size());
  std::vector<Weigher::Removal> removals;
  removals.reserve(gone.size());
  for (const RegistrationPtr& registration : gone) {
    wire::Name name(wire::NameView(registration->name));
    name.ToLower();
    const wire::NameView service = name.view().IsRoot() ? name.view() : name.view().Parent();
    const wire::NameView zone = ZoneOf(name);
    texts.emplace_back(service.ToText(), zone.IsRoot() ? "" : zone.ToText());
    removals.push_back({.key = registration->key,
                        .service = texts.back().first,
                        .zone = texts.back().second,
                        .service_size = CountAt(tree, service),
                        .zone_size = CountAt(tree, zone),
                        .all_size = tree.size()});
  }
  return weigher_.Weigh(removals, clock_.Now()).why;
}

}  // namespace rollcall::catalog
