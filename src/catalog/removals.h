// What was taken away, and what only vanished.
//
// A deregistration leaves a mark (`gone`) in the transaction that deletes.  What goes
// without one is weighed (catalog/weigher.h), and may have to stay: held.
//
// Threads: none of its own.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/registration.h"
#include "catalog/text_map.h"
#include "catalog/tree.h"
#include "catalog/weigher.h"
#include "wire/name.h"

namespace rollcall::catalog {

// Whoever put it asked that it go when its lease ends (`on_loss: remove`).
[[nodiscard]] inline bool GoesWithLease(const Registration& registration) {
  return registration.lease != 0 && registration.extension &&
         registration.extension->on_loss == "remove";
}

// Why what had a lease is held: that a host is silent is no deregistration.
inline constexpr std::string_view kLeaseOver = "its lease ran out";

class Removals {
 public:
  // `zones`: in which a share of losses is looked at, besides each service and all.
  Removals(ProtectOptions options, std::vector<wire::Name> zones, const Clock& clock);

  // False: everything passes, and nobody needs to look for marks.
  [[nodiscard]] bool protects() const { return protects_; }

  // The mark of a deregistration stands in the store since `revision`.
  void HearGone(const std::string& key, store::Revision revision);
  // It was taken away at `revision`, unless there is a later one.
  void ForgetGone(std::string_view key, store::Revision revision);
  void ForgetAll() { gone_.clear(); }
  // Whether somebody deregistered what had last been written at `written`.
  [[nodiscard]] bool IsMarked(std::string_view key, store::Revision written) const;

  // Of what went without a mark in one revision, or between two lists: "", if it may go;
  // else why it is held.  `tree` still has all of them.
  [[nodiscard]] std::string Weigh(std::span<const RegistrationPtr> gone, const Tree& tree);
  void Returned(std::string_view key) { weigher_.Returned(key); }

 private:
  [[nodiscard]] wire::NameView ZoneOf(wire::NameView name) const;

  const Clock& clock_;
  const std::vector<wire::Name> zones_;
  const bool protects_;
  Weigher weigher_;
  TextMap<store::Revision> gone_;  // marks, by registration key
};

}  // namespace rollcall::catalog
