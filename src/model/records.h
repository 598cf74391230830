// Our own records about registrations: /rollcall/v1/AREA/..., where and what.
//
// Each lies under the registration's whole key without its first slash.  Values are JSON;
// unknown members are ignored, so that a newer rollcall may add some.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "model/state.h"

namespace rollcall::model {

inline constexpr std::string_view kOwnPrefix = "/rollcall/v1";
inline constexpr std::string_view kSerialKey = "/rollcall/v1/serial";

enum class Area {
  kAlive,        // health, by the owner; goes with the owner's lease
  kRegistered,   // who registered or changed it, in the transaction that did; a lease of a day
  kLost,         // when `alive` went, by the first server that saw it; until alive again
  kGone,         // a deregistration, in the transaction that deletes; a lease of 7 days
  kHeld,         // a removal that protection holds, with the whole value
  kMaintenance,  // of an instance, of all below a name, or of a host (see HostRecordKey)
  kStopping,     // a clean stop, `until` a server deregisters it unless it is back
  kOwner,        // of a host: who holds its lease; goes with it
  kAdvertised,   // an address of the store that a server has published
};
[[nodiscard]] std::string_view ToString(Area area);  // "alive", ...: the component of the key

// All records of an area: what follows is a registration's key without its first slash.
[[nodiscard]] std::string AreaPrefix(Area area);
[[nodiscard]] std::string RecordKey(Area area, std::string_view registration_key);
// Of a host as a whole: `/rollcall/v1/owner/@server01`.  No registration's key has a
// component with `@` in front.
[[nodiscard]] std::string HostRecordKey(Area area, std::string_view host);

struct RecordPlace {
  Area area;
  std::string key;   // of the registration, its first slash again in front; "": of a host
  std::string host;  // "": of a registration
};
// Nothing: `key` is none of ours, or of an area that is not known here.
[[nodiscard]] std::optional<RecordPlace> ParseRecordKey(std::string_view key);

// What any of them says; which members count follows from the area.
struct Record {
  WallTime since{};
  std::string by = {};
  std::string why = {};
  std::optional<Health> health = {};   // kAlive
  std::string machine = {};            // kOwner: the machine id
  std::optional<WallTime> until = {};  // kMaintenance, kStopping; none: for ever
  std::string value = {};              // kHeld: that of the registration
  bool again = false;                  // kGone: who defines the instance may register it again

  friend bool operator==(const Record&, const Record&) = default;
};

[[nodiscard]] std::string ToJson(const Record& record);
// kInvalid, with the member: no JSON object, a member of another type, a time or health
// that is none, no `since`, or a `version` above 1.
[[nodiscard]] Result<Record> ParseRecord(std::string_view json);

}  // namespace rollcall::model
