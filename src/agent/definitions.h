// services.d/*.yml: text to definitions.
//
//   services:
//     - service: node
//       port: 9100
//       labels: {rack: r12}
//       check: {type: http, url: "http://127.0.0.1:9100/metrics"}
//
// Pure: no files, no store.  Any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/definition.h"
#include "base/result.h"
#include "registry/registry.h"

namespace rollcall::agent {

// What definitions leave to the host they are on.
struct HostDefaults {
  std::string name;            // short host name, the default instance
  std::string address = {};    // "": that of the route to the store
  registry::Rules rules = {};  // what may be registered
};

// More than this in one file is nobody's hand.
inline constexpr std::size_t kMostOctetsOfFile = std::size_t{1} << 20;
inline constexpr std::size_t kMostServicesOfFile = 1000;

// All that one file defines, in its order; `file` is for the messages, and kept in each.
// A text of nothing defines nothing.
// kInvalid: "FILE:LINE: what is wrong", for the first thing that is: no YAML, a member that
// is not known or there twice, a value of the wrong type or that `registry` would not take,
// or one instance twice.
[[nodiscard]] Result<std::vector<Definition>> ParseDefinitions(const std::string& text,
                                                               const std::string& file,
                                                               const HostDefaults& host);

// What no two definitions of one host have in common: "node/server02", or "node/:9100"
// where no instance is named.
[[nodiscard]] std::string IdOf(const Definition& definition);
// All that it takes for itself: its id, and that of the default where its instance is named
// as the host is.
[[nodiscard]] std::vector<std::string> ClaimsOf(const Definition& definition,
                                                const HostDefaults& host);

// The same for two that define the same, wherever they stand: changes when a definition
// does, and neither with its place nor with its comments.
[[nodiscard]] std::uint64_t HashOf(const Definition& definition);

// What is registered for it, under the name `instance` at `address`.
[[nodiscard]] registry::Order OrderOf(const Definition& definition, const std::string& instance,
                                      const std::string& address, const std::string& owner);

}  // namespace rollcall::agent
