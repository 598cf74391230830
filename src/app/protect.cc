// rollcall protect list|release

#include <fmt/format.h>

#include <cstdio>

#include "app/address.h"
#include "app/by_server.h"
#include "app/conditions.h"
#include "app/orders.h"
#include "app/output.h"
#include "app/server_api.h"

namespace rollcall::app {
namespace {

Scope ScopeOfWord(const Invocation& invocation, const Session& session) {
  return ScopeOf(invocation.words.empty() ? "" : invocation.words[0], session.layout(),
                 invocation.settings.IsGiven("zone"));
}

std::string HeldTable(const std::vector<Entry>& entries) {
  std::vector<Row> rows{{"NAME", "INSTANCE", "ADDRESS", "PORT", "SINCE", "BY", "WHY"}};
  for (const auto& [item, condition] : entries) {
    const SplitName name = Split(item);
    const model::Service service = item.service.value_or(model::Service{});
    rows.push_back({name.parent, name.first, service.host,
                    service.port == 0 ? "" : std::to_string(service.port),
                    TimeText(condition.held->since), condition.held->by, condition.held->why});
  }
  return Table(std::move(rows));
}

int RunProtectList(const Invocation& invocation) {
  if (invocation.settings.IsGiven("server")) return ListHeldByServer(invocation);
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const Scope scope = ScopeOfWord(invocation, **session);
  const auto directory = DirectoryOf(scope);
  if (!directory) return Report(directory.error());
  registry::Registry registry((*session)->store(), scope.layout);
  registry::Records records((*session)->store());
  Conditions conditions;
  if (auto ok = conditions.Read(records, *directory, 0, store::After(kStorePatience)); !ok) {
    return Report(ok.error());
  }
  std::vector<Entry> entries;
  for (registry::Listed& item : conditions.Held(registry)) {
    Condition condition =
        conditions.Of(item, registry::NamingPrefix(scope.layout), SystemClock().WallNow());
    entries.push_back({std::move(item), std::move(condition)});
  }
  if (entries.empty()) fmt::print(stderr, "rollcall: nothing is held {}\n", WhereOf(scope));
  fmt::print("{}", *output == Output::kJson ? JsonOf(entries) : HeldTable(entries));
  return kDone;
}

int RunRelease(const Invocation& invocation) {
  if (invocation.settings.IsGiven("server")) return ReleaseByServer(invocation);
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const Scope scope = ScopeOfWord(invocation, **session);
  const auto directory = DirectoryOf(scope);
  if (!directory) return Report(directory.error());
  registry::Records records((*session)->store());
  const auto released = records.Release(*directory, {WhoAmI(), "rollcall protect release"},
                                        store::After(kReleasePatience));
  if (!released) return Report(released.error());
  for (const std::string& key : *released) fmt::print("released {}\n", key);
  if (!released->empty()) return kDone;
  return Report({ErrorCode::kNotFound, fmt::format("nothing is held {}", WhereOf(scope))});
}

}  // namespace

Command ProtectListCommand() {
  return {
      "protect list",
      "NAME",
      0,
      1,
      "Shows the removals that mass-loss protection holds.",
      "What vanished from the store without a deregistration, several at once or too many in a\n"
      "while, goes on being answered by every server until it is registered again or released.\n"
      "NAME as in `rollcall list`.\n\n"
      "Example:\n"
      "  rollcall protect list node",
      Join({{OutputSetting()}, ServerInsteadSettings(), ClientSettings()}),
      &RunProtectList,
      "A service of the zone, or a whole name."};
}

Command ProtectReleaseCommand() {
  return {"protect release",
          "NAME",
          1,
          1,
          "Lets go what is held at or below a name: its removal was meant.",
          "Each leaves the mark of a deregistration. Exit status 1 if nothing is held there.\n\n"
          "Examples:\n"
          "  rollcall protect release server01.node\n"
          "  rollcall protect release prom.internal",
          Join({ServerInsteadSettings(), ClientSettings()}),
          &RunRelease,
          "An instance, a service of the zone, or a whole name."};
}

}  // namespace rollcall::app
