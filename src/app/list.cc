// rollcall list [NAME]

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "app/by_server.h"
#include "app/conditions.h"
#include "app/orders.h"
#include "app/output.h"
#include "app/source.h"

namespace rollcall::app {
namespace {

// What is registered, and what is held though it is no longer, in key order.
Result<std::vector<Entry>> WithConditions(const registry::Registry& registry, store::Store& store,
                                          const Scope& scope, const registry::Listing& listing,
                                          store::Deadline deadline) {
  const auto directory = DirectoryOf(scope);
  if (!directory) return Fail(directory.error());
  registry::Records records(store);
  Conditions conditions;
  if (auto ok = conditions.Read(records, *directory, listing.revision, deadline); !ok) {
    return Fail(std::move(ok.error()));
  }
  const auto before = [](const registry::Listed& a, const registry::Listed& b) {
    return a.key < b.key;
  };
  const auto held = conditions.Held(registry);
  std::vector<registry::Listed> items;
  std::set_union(listing.items.begin(), listing.items.end(), held.begin(), held.end(),
                 std::back_inserter(items), before);
  std::vector<Entry> entries;
  for (registry::Listed& item : items) {
    Condition condition =
        conditions.Of(item, registry::NamingPrefix(scope.layout), SystemClock().WallNow());
    entries.push_back({std::move(item), std::move(condition)});
  }
  return entries;
}

int RunList(const Invocation& invocation) {
  const auto source = ChooseSource(invocation.settings);
  if (!source) return Report(source.error());
  if (*source == Source::kServer) return ListByServer(invocation);
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const auto deadline = store::After(kStorePatience);
  const Scope scope = ScopeOf(invocation.words.empty() ? "" : invocation.words[0],
                              (*session)->layout(), invocation.settings.IsGiven("zone"));
  registry::Registry registry((*session)->store(), scope.layout);

  (*session)->FlushOrWarn(deadline);
  const auto listing = registry.List(scope.service, deadline);
  if (!listing) return Report(listing.error());
  auto entries = WithConditions(registry, (*session)->store(), scope, *listing, deadline);
  if (!entries) return Report(entries.error());
  if (entries->empty()) {
    fmt::print(stderr, "rollcall: nothing is registered {}\n", WhereOf(scope));
  }
  fmt::print("{}", *output == Output::kJson ? JsonOf(*entries) : TableOf(*entries));
  return kDone;
}

}  // namespace

Command ListCommand() {
  return {
      "list",
      "NAME",
      0,
      1,
      "Shows what is registered at or below a name.",
      "NAME is a service of --zone, or with a dot at its end a whole name. Without it:\n"
      "everything below the prefix, or of --zone if given. STATE is passing, warning, critical,\n"
      "lost, maintenance, or static (nobody says how it is). PROBLEM has why, and what cannot\n"
      "be read or is held by mass-loss protection.\n\n"
      "The server of this host is asked, if one answers; else, or if a flag or ETCD_ENDPOINT\n"
      "names one, the store.\n\n"
      "Examples:\n"
      "  rollcall list node --zone=prom.local --output=json\n"
      "  rollcall list node --etcd.endpoint=http://127.0.0.1:2379",
      Join({{OutputSetting()}, SourceSettings(), ClientSettings()}),
      &RunList,
      "A service of the zone, or a whole name."};
}

}  // namespace rollcall::app
