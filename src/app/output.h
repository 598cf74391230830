// Registrations for people (a table) and for programs (JSON).
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/conditions.h"
#include "app/settings.h"
#include "app/table.h"
#include "base/result.h"
#include "registry/registry.h"

namespace rollcall::app {

enum class Output { kTable, kJson };
[[nodiscard]] Setting OutputSetting();
[[nodiscard]] Result<Output> ReadOutput(const Settings& settings);

// A registration and how it is.
struct Entry {
  registry::Listed item;
  Condition condition;
};

// Aligned, with a line of titles; empty cells are "-".
[[nodiscard]] std::string TableOf(const std::vector<Entry>& entries);
// An array, one object a line.
[[nodiscard]] std::string JsonOf(const std::vector<Entry>& entries);

// `node.prom.internal` and `server01`; the key, where no name can be made of it.
struct SplitName {
  std::string parent;
  std::string first;
};
[[nodiscard]] SplitName Split(const registry::Listed& item);

// Who has made a change and why; "": nobody says.
struct Writer {
  std::string by = {};
  std::string why = {};
};

// One change, as `watch` prints it; without an end of line.  A removal has only
// key and name.
enum class Change { kPut, kDelete, kState };
[[nodiscard]] std::string ChangeLine(Output output, const Entry& entry, Change change,
                                     store::Revision revision, const Writer& writer = {});
// The same for people, of what has these cells in the table; and its name for programs.
[[nodiscard]] std::string ChangeLine(Row row, Change change, store::Revision revision,
                                     const Writer& writer = {});
// The same for programs: the writer, for the member `change`; empty: nobody says.
[[nodiscard]] boost::json::object WriterJson(const Writer& writer);
[[nodiscard]] std::string_view ToString(Change change);

// What `list NAME` reads: everything, if no name is given and no --zone; a whole
// name, if it ends with a dot or in the zone; else a service of the zone.
struct Scope {
  registry::Layout layout;
  std::string service;
};
[[nodiscard]] Scope ScopeOf(const std::string& name, const registry::Layout& layout,
                            bool zone_given);
// "/skydns/internal/prom/node": what the scope's name is in the store.
[[nodiscard]] Result<std::string> DirectoryOf(const Scope& scope);
// "below /skydns/internal/prom/node", for a message.
[[nodiscard]] std::string WhereOf(const Scope& scope);

}  // namespace rollcall::app
