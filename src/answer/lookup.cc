#include "answer/lookup.h"

#include <algorithm>
#include <string_view>

#include "answer/group.h"

namespace rollcall::answer {
namespace {

using catalog::Registration;

bool IsWildcard(std::string_view label) {
  return label == "*" || EqualsIgnoreCase(label, "any");
}

wire::NameView WithoutLabels(wire::NameView name, std::size_t count) {
  for (; count > 0; --count) name = name.Parent();
  return name;
}

// Whether the rightmost labels of `name` are those of `pattern`.  Requires: those of
// `fixed`, which `pattern` ends in, are known to be.
bool Matches(wire::NameView name, wire::NameView pattern, wire::NameView fixed) {
  const std::size_t labels = name.LabelCount();
  const std::size_t wanted = pattern.LabelCount();
  if (labels < wanted) return false;
  name = WithoutLabels(name, labels - wanted);
  for (; pattern.size() > fixed.size(); pattern = pattern.Parent(), name = name.Parent()) {
    const std::string_view label = pattern.FirstLabel();
    if (!IsWildcard(label) && !EqualsIgnoreCase(label, name.FirstLabel())) return false;
  }
  return true;
}

enum class Order : std::uint8_t { kKeys, kAny };

// How many a question may look at in all, when it reads for `selection`.
std::size_t Most(const Task& task, const Selection& selection) {
  const std::size_t most = task.most_registrations;
  return selection.selects() ? std::max(most, kMaxSelected) : most;
}

// Calls `visit` with each usable registration that answers `name`, until it
// returns false.  Looks at no more than leaves the question `most` in all.
template <typename Visitor>
Found VisitSubtree(Task& task, const Zone& zone, wire::NameView name, Order order, std::size_t most,
                   const Visitor& visit) {
  const wire::NameView fixed = FixedPart(zone, name);
  const bool wild = fixed.size() != name.size();
  const catalog::Node* node = task.Find(fixed);
  if (node == nullptr) return Found::kNoName;

  struct State {
    bool unreadable = false;
    bool usable = false;
    bool exhausted = false;
  } state;
  const auto step = [&](const Registration& registration) {
    if (task.registrations >= most) {
      state.exhausted = true;
      return false;
    }
    ++task.registrations;
    const wire::NameView its_name(registration.name);
    if (wild && (registration.nameless || !Matches(its_name, name, fixed))) return true;
    if (!registration.usable()) {
      state.unreadable = true;
      return true;
    }
    state.usable = true;
    return visit(registration);
  };
  if (node->has_children()) {
    if (order == Order::kAny) {
      task.view.tree.VisitUnordered(*node, false, step);
    } else if (task.registrations + node->count() - node->own().size() > most) {
      return Found::kTooMany;  // known without a look
    } else {
      task.view.tree.VisitSubtree(*node, false, step);
    }
  } else {
    const auto own = node->own();
    std::all_of(own.begin(), own.end(), [&](const auto& r) { return step(*r); });
  }
  if (state.exhausted) return Found::kTooMany;
  return state.unreadable && !state.usable ? Found::kUnreadable : Found::kData;
}

bool Keeps(Keep keep, const Registration& registration) {
  return registration.host.kind != model::HostKind::kNone ||
         (keep == Keep::kHostsAndTexts && HasText(registration));
}

// Moves what the selection keeps to the front, and returns how many.
std::size_t KeepSelected(const Task& task, const Selection& selection,
                         std::span<const Registration*> services) {
  const auto end = std::remove_if(services.begin(), services.end(), [&](const Registration* one) {
    return !selection.Keeps(task, *one);
  });
  return static_cast<std::size_t>(end - services.begin());
}

// No grouping and no merging will take its record away again.
bool StandsAlone(const Registration& r) {
  return r.service.group.empty() && r.service.target_strip <= 0 && r.service.port != -1 &&
         (IsAddress(r) || IsPlainName(r));
}

}  // namespace

// The zone's own labels are never wildcards.
wire::NameView FixedPart(const Zone& zone, wire::NameView name) {
  wire::NameView fixed = name;
  for (wire::NameView rest = name; rest.size() > zone.name.view().size(); rest = rest.Parent()) {
    if (IsWildcard(rest.FirstLabel())) fixed = rest.Parent();
  }
  return fixed;
}

Reading ReadSubtree(Task& task, const Zone& zone, const Selection& selection, Keep keep,
                    std::size_t most) {
  auto& kept = task.work.kept;
  const std::size_t begin = kept.size();
  std::size_t alone = 0;
  const auto visit = [&](const Registration& registration) {
    if (!Keeps(keep, registration)) return true;
    kept.push_back(&registration);
    if (StandsAlone(registration) && selection.Keeps(task, registration)) ++alone;
    return alone <= most;
  };
  Found found =
      VisitSubtree(task, zone, selection.name, Order::kKeys, Most(task, selection), visit);
  if (alone > most) found = Found::kTooMany;
  // Groups first: who is ill does not put others in his place, so that what is selected is
  // always a part of what the plain name gives.
  std::size_t count = KeepGroup(std::span(kept).subspan(begin));
  count = KeepSelected(task, selection, std::span(kept).subspan(begin, count));
  return Reading(task.work, found, begin, begin + count);
}

Reading ReadExact(Task& task, const Zone& zone, const Selection& selection) {
  auto& kept = task.work.kept;
  const std::size_t begin = kept.size();
  const wire::NameView fixed = FixedPart(zone, selection.name);
  const catalog::Node* node = task.Find(fixed);
  if (node == nullptr) return Reading(task.work, Found::kNoName, begin, begin);
  if (fixed.size() != selection.name.size()) return Reading(task.work, Found::kData, begin, begin);

  bool unreadable = false;
  bool usable = false;
  for (const catalog::RegistrationPtr& registration : node->own()) {
    if (task.registrations >= Most(task, selection)) break;
    ++task.registrations;
    if (registration->nameless) continue;
    (registration->usable() ? usable : unreadable) = true;
    if (registration->usable() && Keeps(Keep::kHosts, *registration) &&
        selection.Keeps(task, *registration)) {
      kept.push_back(registration.get());
    }
  }
  const Found found = unreadable && !usable ? Found::kUnreadable : Found::kData;
  return Reading(task.work, found, begin, kept.size());
}

Found Probe(Task& task, const Zone& zone, wire::NameView name) {
  return VisitSubtree(task, zone, name, Order::kAny, Most(task, {name}),
                      [](const Registration&) { return false; });
}

}  // namespace rollcall::answer
