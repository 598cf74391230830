// A change of the history as the API shows it, and which of them somebody asks for.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "answer/zones.h"
#include "base/result.h"
#include "catalog/history.h"
#include "wire/name.h"

namespace rollcall::serving::api {

// One line, openapi.yaml's Change.
[[nodiscard]] std::string ChangeJson(const catalog::HistoryEntry& entry,
                                     const answer::Zones& zones);

// Of what changes are wanted: all, those at or below a name, or those of a host (@HOST).
class Subjects {
 public:
  // "": all.  kInvalid: neither a name nor a host.
  [[nodiscard]] static Result<Subjects> Read(std::string_view text);

  // What is said of a name above it concerns a name as well.
  [[nodiscard]] bool Has(const catalog::HistoryEntry& entry) const;

 private:
  std::optional<wire::Name> name_;
  std::string host_;  // with its @
};

}  // namespace rollcall::serving::api
