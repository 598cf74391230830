// Registrations for people (a table) and for programs (JSON).
#pragma once

#include <string>
#include <vector>

#include "app/settings.h"
#include "base/result.h"
#include "registry/registry.h"

namespace rollcall::app {

enum class Output { kTable, kJson };
[[nodiscard]] Setting OutputSetting();
[[nodiscard]] Result<Output> ReadOutput(const Settings& settings);

// Aligned, with a line of titles; empty cells are "-".
[[nodiscard]] std::string TableOf(const std::vector<registry::Listed>& items);
// An array, one object a line.
[[nodiscard]] std::string JsonOf(const std::vector<registry::Listed>& items);

// One change, as `watch` prints it; without an end of line.  A removal has only
// key and name.
[[nodiscard]] std::string ChangeLine(Output output, const registry::Listed& item, bool removed,
                                     store::Revision revision);

// What `list NAME` reads: everything, if no name is given and no --zone; a whole
// name, if it ends with a dot or in the zone; else a service of the zone.
struct Scope {
  registry::Layout layout;
  std::string service;
};
[[nodiscard]] Scope ScopeOf(const std::string& name, const registry::Layout& layout,
                            bool zone_given);
// "below /skydns/internal/prom/node", for a message.
[[nodiscard]] std::string WhereOf(const Scope& scope);

}  // namespace rollcall::app
