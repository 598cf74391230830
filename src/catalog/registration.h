// One key of the store as the catalog holds it: immutable once made, shared by
// both copies of the tree.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/key.h"
#include "model/service.h"
#include "store/store.h"

namespace rollcall::catalog {

struct Registration {
  std::string key;   // whole, as in the store
  std::string name;  // made from the key, in wire form, case kept
  model::Service service;
  model::Host host;
  store::LeaseId lease = 0;
  store::Revision mod_revision = 0;

  // False: the stored value cannot be read.  Then `service` and `host` are those
  // of the last value of this key that could be read, and `readable_before` says
  // whether there was one.  A registration without any is counted but gives no
  // records.
  bool valid = true;
  bool readable_before = false;
  model::Invalid invalid;  // why, if !valid

  [[nodiscard]] bool usable() const { return valid || readable_before; }
};

using RegistrationPtr = std::shared_ptr<const Registration>;

// From a stored pair; a value that cannot be read gives a Registration with
// valid == false that keeps what `before` (may be null) had.  Invalid: no name
// can be made of the key, so it has no place in the tree.
[[nodiscard]] tl::expected<RegistrationPtr, model::Invalid> MakeRegistration(
    std::string_view prefix, const store::KeyValue& kv, const Registration* before);

}  // namespace rollcall::catalog
