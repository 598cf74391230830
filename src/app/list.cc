// rollcall list [NAME]

#include <fmt/format.h>

#include <cstdio>

#include "app/orders.h"
#include "app/output.h"

namespace rollcall::app {
namespace {

int Run(const Invocation& invocation) {
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
  if (listing->items.empty()) {
    fmt::print(stderr, "rollcall: nothing is registered {}\n", WhereOf(scope));
  }
  fmt::print("{}", *output == Output::kJson ? JsonOf(listing->items) : TableOf(listing->items));
  return kDone;
}

}  // namespace

Command ListCommand() {
  return {"list",
          "NAME",
          0,
          1,
          "Shows what is registered at or below a name.",
          "NAME is a service of --zone, or with a dot at its end a whole name. Without it:\n"
          "everything below the prefix, or of --zone if given. What cannot be read or served is\n"
          "shown with its problem.\n\n"
          "Example:\n"
          "  rollcall list node --zone=prom.local --output=json",
          Join({{OutputSetting()}, ClientSettings()}),
          &Run,
          "A service of the zone, or a whole name."};
}

}  // namespace rollcall::app
