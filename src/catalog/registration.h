// One key of the store as the catalog holds it: immutable once made, shared by
// both copies of the tree.
//
// There may be millions of them, so one is one allocation: this struct and, behind it, all its
// texts, which the views below point into; and the count of its holders is in it.  Who reads a
// view and wants to go on when he has left it takes a share: RegistrationPtr(&registration).
//
// Threads: deeply immutable behind RegistrationPtr; any number may hold and read one.
#pragma once

#include <array>
#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/key.h"
#include "model/service.h"
#include "store/store.h"

namespace rollcall::catalog {

// How many RegistrationPtr there are of one.
class Holders {
 public:
  Holders() = default;
  Holders(Holders&& /*other*/) noexcept {}  // what is made of another is held by nobody yet
  [[nodiscard]] std::uint32_t use_count() const { return count_.load(std::memory_order_relaxed); }

 private:
  friend void intrusive_ptr_add_ref(const Holders* holders) {
    holders->count_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(const Holders* holders) {
    if (holders->count_.fetch_sub(1, std::memory_order_acq_rel) == 1) Free(holders);
  }
  static void Free(const Holders* holders);

  mutable std::atomic<std::uint32_t> count_{0};
};

struct Registration : Holders {
  // As model::Service, whose comments hold here too.
  struct Service {
    std::string_view host;
    std::int64_t port = 0;
    std::int64_t priority = 0;
    std::int64_t weight = 0;
    std::int64_t target_strip = 0;
    std::string_view text;
    std::string_view group;
    std::uint32_t ttl = 0;
    bool mail = false;
  };
  // As model::Host.
  struct Host {
    model::HostKind kind = model::HostKind::kNone;
    std::array<std::uint8_t, 16> address{};
    std::string_view name;
  };

  std::uint16_t prefix_size = 0;  // octets of `key` that are the prefix
  // True: the key has an empty component (a double slash), so that no name is its
  // own.  As in CoreDNS it answers for the names above it: `name` is the one above
  // the empty component, and the registration is held there.
  bool nameless = false;

  // False: the stored value cannot be read.  Then `service` and `host` are those
  // of the last value of this key that could be read, and `readable_before` says
  // whether there was one.  A registration without any is counted but gives no
  // records.
  bool valid = true;
  bool readable_before = false;

  std::string_view key;   // whole, as in the store
  std::string_view name;  // made from the key, in wire form, case kept

  Service service;
  Host host;
  store::LeaseId lease = 0;
  store::Revision mod_revision = 0;

  std::unique_ptr<const model::Extension> extension;  // null: the value has none
  // Why, if !valid.  With valid: what is wrong with the member `rollcall` alone,
  // which nothing else suffers from; null: nothing.
  std::unique_ptr<const model::Invalid> invalid;

  [[nodiscard]] bool usable() const { return valid || readable_before; }
};

using RegistrationPtr = boost::intrusive_ptr<const Registration>;

// From a stored pair; a value that cannot be read gives a Registration with
// valid == false that keeps what `before` (may be null) had.  Invalid: no name
// can be made of the key, not even one above it, or it has a selector's label
// (`_healthy`); so it has no place in the tree.
// Requires: `prefix` is normalized and kv.key starts with PREFIX + "/".
[[nodiscard]] tl::expected<RegistrationPtr, model::Invalid> MakeRegistration(
    std::string_view prefix, const store::KeyValue& kv, const Registration* before);

using MadeRegistration = tl::expected<RegistrationPtr, model::Invalid>;
// The same of each, none of which was there before; of a key that is not below `prefix` an Invalid.
[[nodiscard]] std::vector<MadeRegistration> MakeRegistrations(std::string_view prefix,
                                                              std::span<const store::KeyValue> kvs);

// What MakeRegistration() read from the value.
[[nodiscard]] model::Service ToService(const Registration& registration);

}  // namespace rollcall::catalog
