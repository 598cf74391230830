#include "app/lost_for.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <map>

#include "app/address.h"
#include "app/conditions.h"
#include "app/orders.h"
#include "app/output.h"
#include "model/duration.h"

namespace rollcall::app {
namespace {

struct Lost {
  Entry entry;
  registry::Seen seen;
};

// All below the scope that a server would call lost since before `latest`.  What is in
// maintenance is not lost but expected to be away.
Result<std::vector<Lost>> FindLost(Session& session, const Scope& scope, WallTime latest,
                                   store::Deadline deadline) {
  const auto directory = DirectoryOf(scope);
  if (!directory) return Fail(directory.error());
  registry::Registry registry(session.store(), scope.layout);
  registry::Records records(session.store());
  auto listing = registry.List(scope.service, deadline);
  if (!listing) return Fail(std::move(listing.error()));
  Conditions conditions;
  auto read = conditions.Read(records, *directory, listing->revision, deadline);
  if (!read) return Fail(std::move(read.error()));
  const auto dated = records.List(model::Area::kLost, *directory, deadline, listing->revision);
  if (!dated) return Fail(dated.error());
  std::map<std::string, store::Revision> revisions;
  for (const registry::ListedRecord& one : *dated) revisions[one.place.key] = one.mod_revision;

  std::vector<Lost> lost;
  for (registry::Listed& item : listing->items) {
    Condition condition =
        conditions.Of(item, registry::NamingPrefix(scope.layout), SystemClock().WallNow());
    const auto revision = revisions.find(item.key);
    if (condition.state != model::State::kLost || revision == revisions.end()) continue;
    if (!condition.since || *condition.since > latest) continue;
    const registry::Seen seen{item.key, item.mod_revision, revision->second};
    lost.push_back({{std::move(item), std::move(condition)}, seen});
  }
  return lost;
}

bool SaysYes(std::size_t count) {
  fmt::print("Deregister {}? [y/N] ", count == 1 ? "it" : fmt::format("these {}", count));
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<std::chrono::milliseconds> ReadLostFor(const Settings& settings) {
  for (const char* other : {"address", "port", "host", "instance", "require-store"}) {
    if (settings.IsGiven(other)) return settings.Wrong(other, "does not go with --lost-for");
  }
  return settings.Duration("lost-for");
}

}  // namespace

std::vector<Setting> LostForSettings() {
  return {
      {"lost-for", "DURATION", "",
       "Instead of one instance: all of SERVICE (none: of all) that have been lost for longer."},
      {"yes", "", "", "With --lost-for: without asking."},
  };
}

int DeregisterLost(const Invocation& invocation) {
  const auto age = ReadLostFor(invocation.settings);
  if (!age) return Report(age.error());
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const Scope scope = ScopeOf(invocation.words.empty() ? "" : invocation.words[0],
                              (*session)->layout(), invocation.settings.IsGiven("zone"));
  const auto lost =
      FindLost(**session, scope, SystemClock().WallNow() - *age, store::After(kStorePatience));
  if (!lost) return Report(lost.error());
  if (lost->empty()) {
    fmt::print(stderr, "rollcall: nothing {} has been lost for {}\n", WhereOf(scope),
               model::FormatDuration(*age));
    return kDone;
  }
  std::vector<Entry> entries;
  for (const Lost& one : *lost) entries.push_back(one.entry);
  fmt::print("{}", TableOf(entries));
  std::fflush(stdout);

  if (!invocation.settings.Switch("yes")) {
    if (isatty(STDIN_FILENO) == 0) {
      return Report({ErrorCode::kInvalid, "nothing was deregistered: say --yes if it is meant"});
    }
    if (!SaysYes(lost->size())) {
      return Report({ErrorCode::kCancelled, "nothing was deregistered"});
    }
  }
  registry::Records records((*session)->store());
  const registry::Reason reason{
      WhoAmI(), fmt::format("rollcall deregister --lost-for={}", model::FormatDuration(*age))};
  for (const Lost& one : *lost) {
    const auto done = records.Retire(one.seen, reason, store::After(kStorePatience));
    if (!done) return Report(done.error());
    fmt::print("{} {}\n",
               *done ? "deregistered" : "left, for it is no longer as it was:", one.seen.key);
  }
  return kDone;
}

}  // namespace rollcall::app
