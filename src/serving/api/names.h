// Names as they stand in paths and parameters, and what they are of.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "answer/zones.h"
#include "base/result.h"
#include "wire/name.h"

namespace rollcall::serving::api {

// kInvalid, in a sentence: it is none, or the root's.
[[nodiscard]] Result<wire::Name> ReadName(std::string_view text);

// Presentation form without the dot at its end; "." is the root's.
[[nodiscard]] std::string TextOf(wire::NameView name);

// server01.node.prom.internal, taken apart.
struct NameParts {
  std::string parent;    // node.prom.internal
  std::string instance;  // server01
  std::string service;   // node; "": the parent is the zone itself, or in none
  std::string zone;      // prom.internal; "": none of ours
};
[[nodiscard]] NameParts Split(wire::NameView name, const answer::Zones& zones);

// What `name` is below the zone that it lies in, and that zone.  "" each: none.
struct Place {
  std::string service;
  std::string zone;
};
[[nodiscard]] Place PlaceOf(wire::NameView name, const answer::Zones& zones);

}  // namespace rollcall::serving::api
