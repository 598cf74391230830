// What the parts of this room hand each other while they answer one question.
// Internal to the room.
#pragma once

#include <cstddef>
#include <vector>

#include "answer/index.h"
#include "answer/resolve.h"
#include "answer/ttl.h"
#include "answer/weights.h"
#include "answer/zones.h"
#include "catalog/view.h"

namespace rollcall::answer {

// Memory that outlives the question.
struct Workspace {
  std::vector<const catalog::Registration*> kept;  // a stack of readings
  Weights weights;
  Index records;  // equal records of one RRset
  Index targets;  // SRV and MX records made so far
  Index glue;     // glue made so far
  Index spelled;  // names that glue was looked up for, in glue_names
  std::vector<wire::NameView> glue_names;
};

// How a lookup ended.
enum class Found : std::uint8_t {
  kData,        // the name is there; whether with the type asked is another matter
  kNoName,      // nothing is at or below it
  kUnreadable,  // all that is there are values that cannot be read
  kTooMany,     // more than fits a reply, or than we care to look at
  kRefused,     // a name server without an address: SERVFAIL, as CoreDNS does
};

struct Task {
  const catalog::View& view;
  const Zones& zones;
  const Zone& zone;
  const wire::Question& question;
  const Context& context;
  Answer& answer;
  Workspace& work;

  // Registrations that may be looked at; kMaxSelected, if that is more, for a selection.
  std::size_t most_registrations = kMaxRegistrations;
  std::size_t registrations = 0;  // looked at
  std::size_t lookups = 0;        // names; at most kMaxLookups
  // An alias led to: more work than allowed; more records than fit; a name of
  // which we cannot say that it has nothing.
  bool exhausted = false;
  bool too_many = false;
  bool unsure = false;

  // Null: nothing is at or below it.
  [[nodiscard]] const catalog::Node* Find(wire::NameView name) const {
    catalog::Tree::Stamp stamp = 0;
    const catalog::Node* const node = view.tree.Find(name, stamp);
    answer.basis.AddName(stamp);
    if (name.wire().data() == question.name.view().wire().data()) answer.asked = node;
    return node;
  }
  [[nodiscard]] std::uint32_t Ttl(const catalog::Registration& registration) const {
    return TtlOf(registration, view, zones.options(), context.now, answer.basis);
  }
  // How many records of at least `size` octets could fit the reply.
  [[nodiscard]] std::size_t MostRecords(std::size_t size) const { return context.max_size / size; }
  // False: the question has used up its names.
  [[nodiscard]] bool TakeLookup() {
    if (lookups == kMaxLookups)
      exhausted = true;
    else
      ++lookups;
    return !exhausted;
  }
};

// The least octets a record takes: a compressed owner, ten fixed octets, and the
// rdata.
inline constexpr std::size_t kMinRecord = 2 + 10;
inline constexpr std::size_t kMinA = kMinRecord + 4;
inline constexpr std::size_t kMinAaaa = kMinRecord + 16;
inline constexpr std::size_t kMinTxt = kMinRecord + 1;
inline constexpr std::size_t kMinSrv = kMinRecord + 6 + 3;
inline constexpr std::size_t kMinMx = kMinRecord + 2 + 2;

[[nodiscard]] inline bool IsAddress(const catalog::Registration& r) {
  return r.host.kind == model::HostKind::kIpv4 || r.host.kind == model::HostKind::kIpv6;
}
[[nodiscard]] inline bool IsName(const catalog::Registration& r) {
  return r.host.kind == model::HostKind::kName;
}
[[nodiscard]] inline bool HasText(const catalog::Registration& r) {
  return !r.service.text.empty();
}
// CoreDNS takes a name with a text for a text.
[[nodiscard]] inline bool IsPlainName(const catalog::Registration& r) {
  return IsName(r) && !HasText(r);
}

}  // namespace rollcall::answer
