#include "answer/instances.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "answer/chain.h"
#include "answer/lookup.h"
#include "answer/targets.h"

namespace rollcall::answer {
namespace {

using catalog::Registration;
using model::HostKind;
using wire::NameView;
using wire::Type;

struct Address {
  HostKind kind = HostKind::kName;
  std::array<std::uint8_t, 16> octets{};
};

// Looks names up in our zones, each once.
class HostLookup {
 public:
  // Borrows the task, whose bounds it uses up.
  explicit HostLookup(Task& task) : task_(task) {}

  Address Find(NameView name) {
    std::string key(name.wire());
    std::transform(key.begin(), key.end(), key.begin(), wire::ToLower);
    const auto known = known_.find(key);
    if (known != known_.end()) return known->second;
    return known_[std::move(key)] = LookUp(name);
  }

 private:
  Address LookUp(NameView name) {
    const Zone* const zone = task_.zones.Match(name);
    if (zone == nullptr || task_.exhausted || IsFailedAddress(name)) return {};
    for (const Type type : {Type::kA, Type::kAaaa}) {
      records_.clear();
      const Found found = AppendRecords(task_, *zone, name, type, records_);
      task_.too_many = task_.unsure = false;
      if (found != Found::kData) return {};
      for (const wire::Record& record : records_) {
        if (const auto* a = std::get_if<wire::A>(&record.rdata)) return ToAddress(*a);
        if (const auto* aaaa = std::get_if<wire::Aaaa>(&record.rdata)) return ToAddress(*aaaa);
      }
    }
    return {};
  }

  static Address ToAddress(const wire::A& a) {
    Address address{HostKind::kIpv4, {}};
    std::copy(a.address.begin(), a.address.end(), address.octets.begin());
    return address;
  }
  static Address ToAddress(const wire::Aaaa& aaaa) { return {HostKind::kIpv6, aaaa.address}; }

  Task& task_;
  absl::flat_hash_map<std::string, Address> known_;
  std::vector<wire::Record> records_;
};

Presence PresenceOf(Found found) {
  switch (found) {
    case Found::kNoName:
      return Presence::kAbsent;
    case Found::kUnreadable:
      return Presence::kUnreadable;
    default:
      return Presence::kThere;
  }
}

}  // namespace

Choice Choose(const Zone& zone, NameView asked) {
  const Selection selection = Select(zone, asked);
  Choice choice{wire::Name(selection.name), selection.healthy, selection.shard, selection.shards};
  choice.name.ToLower();
  return choice;
}

std::string TargetText(const Registration& registration) {
  std::string text = TargetOf(registration).ToText();
  text.pop_back();
  return text;
}

Instances FindInstances(const catalog::View& view, const Zones& zones, const Zone& zone,
                        const Choice& choice, Hosts hosts, WallTime wall_now) {
  Answer answer;
  const wire::Question question{choice.name, Type::kSrv, wire::Class::kIn};
  Context context;
  context.wall_now = wall_now;
  Task task{view, zones, zone, question, context, answer, answer.workspace()};
  task.most_registrations = std::numeric_limits<std::size_t>::max();
  const Selection selection{choice.name, choice.healthy, choice.shard, choice.shards};
  const Reading reading = ReadSubtree(task, zone, selection, Keep::kHosts);

  Task host_task{view, zones, zone, question, context, answer, answer.workspace()};
  host_task.most_registrations = kMostHostReads;
  HostLookup lookup(host_task);
  Instances found{PresenceOf(reading.found()), false, {}};
  found.all.reserve(reading.size());
  for (const Pass pass : kPasses) {
    for (std::size_t i = 0; i < reading.size(); ++i) {
      const Registration& one = reading[i];
      if (!IsOf(pass, one) || !HasTarget(one) || one.service.port == kNoPort) continue;
      Instance& instance = found.all.emplace_back();
      instance.registration = catalog::RegistrationPtr(&one);
      instance.kind = one.host.kind;
      instance.address = one.host.address;
      if (!IsName(one) || hosts == Hosts::kAsWritten) continue;
      const Address address = lookup.Find(TargetOf(one));
      instance.kind = address.kind;
      instance.address = address.octets;
      found.elsewhere = true;
    }
    if (!found.all.empty()) break;
  }
  return found;
}

std::uint64_t TouchedAt(const catalog::View& view, const Zone& zone, NameView name) {
  // Of a name that is not there, the nearest above it that is knows when it went.
  for (NameView at = FixedPart(zone, name);; at = at.Parent()) {
    const catalog::Node* const node = view.tree.Find(at);
    if (node != nullptr) return std::max(node->touched(), view.maintenance_touched);
    if (at.IsRoot()) return view.changes;
  }
}

std::size_t MostAt(const catalog::View& view, const Zone& zone, NameView name) {
  const catalog::Node* const node = view.tree.Find(FixedPart(zone, name));
  return node == nullptr ? 0 : node->count();
}

}  // namespace rollcall::answer
