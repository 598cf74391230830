#include "app/lost_for.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <map>

#include "app/address.h"
#include "app/conditions.h"
#include "app/explain_target.h"
#include "app/orders.h"
#include "app/output.h"
#include "app/server_api.h"
#include "app/server_instances.h"
#include "http_client/url.h"
#include "model/duration.h"
#include "model/time.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

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

// kCancelled, kInvalid: nobody has said yes.
Result<void> Confirm(const Settings& settings, std::size_t count) {
  std::fflush(stdout);
  if (settings.Switch("yes")) return {};
  if (isatty(STDIN_FILENO) == 0) {
    return Fail(ErrorCode::kInvalid, "nothing was deregistered: say --yes if it is meant");
  }
  if (SaysYes(count)) return {};
  return Fail(ErrorCode::kCancelled, "nothing was deregistered");
}

Result<std::string> WhyOf(const Settings& settings, std::chrono::milliseconds age) {
  return ReadReason(settings,
                    fmt::format("rollcall deregister --lost-for={}", model::FormatDuration(age)));
}

int SayNone(const std::string& where, std::chrono::milliseconds age) {
  fmt::print(stderr, "rollcall: nothing {} has been lost for {}\n", where,
             model::FormatDuration(age));
  return kDone;
}

void SayDone(bool done, std::string_view key) {
  fmt::print("{} {}\n", done ? "deregistered" : "left, for it is no longer as it was:", key);
}

// As a server's API shows them.
Result<json::array> FindLostByServer(const ServerApi& api, const std::string& name,
                                     WallTime latest) {
  const auto all = ReadInstances(
      api, name.empty() ? "&state=lost" : "&state=lost&name=" + http_client::Escape(name));
  if (!all) return Fail(all.error());
  json::array lost;
  for (const json::value& one : *all) {
    if (TextIn(one.get_object(), "state") != "lost") continue;
    const auto since = model::ParseTime(TextIn(one.get_object(), "since"));
    if (since && *since <= latest) lost.push_back(one);
  }
  return lost;
}

// The server compares what it was shown as once more, in the transaction that takes it away.
Result<void> RetireByServer(const ServerApi& api, const json::object& instance,
                            const std::string& why) {
  const auto done = api.Send(
      "DELETE",
      fmt::format("/api/v1/instances/{}?revision={}&lost_since={}&why={}",
                  http_client::Escape(NameOf(instance)), NumberIn(instance, "revision"),
                  http_client::Escape(TextIn(instance, "since")), http_client::Escape(why)),
      nullptr);
  if (!done) return Fail(done.error());
  return {};
}

int DeregisterLostByServer(const Invocation& invocation, std::chrono::milliseconds age) {
  const auto name = ReadName(invocation);
  if (!name) return Report(name.error());
  const auto why = WhyOf(invocation.settings, age);
  if (!why) return Report(why.error());
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const auto lost = FindLostByServer(*api, *name, SystemClock().WallNow() - age);
  if (!lost) return Report(lost.error());
  if (lost->empty()) return SayNone(WhereIs(*name), age);
  PrintInstances(Output::kTable, *lost);
  if (auto ok = Confirm(invocation.settings, lost->size()); !ok) return Report(ok.error());
  int status = kDone;
  for (const json::value& one : *lost) {
    const json::object& instance = one.get_object();
    const auto done = RetireByServer(*api, instance, *why);
    const bool moved = !done && (done.error().code == ErrorCode::kConflict ||
                                 done.error().code == ErrorCode::kNotFound);
    std::string key = TextIn(instance, "key");
    Clean(key);  // it goes to a terminal
    if (done || moved) {
      SayDone(done.has_value(), key);
      continue;
    }
    std::fflush(stdout);
    fmt::print(stderr, "rollcall: {}: {}\n", key, done.error().message);
    status = kFailed;
    if (IsAway(done.error())) break;  // so it would be with the others
  }
  return status;
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
  if (invocation.settings.IsGiven("server")) return DeregisterLostByServer(invocation, *age);
  const auto why = WhyOf(invocation.settings, *age);
  if (!why) return Report(why.error());
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const Scope scope = ScopeOf(invocation.words.empty() ? "" : invocation.words[0],
                              (*session)->layout(), invocation.settings.IsGiven("zone"));
  const auto lost =
      FindLost(**session, scope, SystemClock().WallNow() - *age, store::After(kStorePatience));
  if (!lost) return Report(lost.error());
  if (lost->empty()) return SayNone(WhereOf(scope), *age);
  std::vector<Entry> entries;
  for (const Lost& one : *lost) entries.push_back(one.entry);
  fmt::print("{}", TableOf(entries));
  if (auto ok = Confirm(invocation.settings, lost->size()); !ok) return Report(ok.error());
  registry::Records records((*session)->store());
  const registry::Reason reason{WhoAmI(), *why};
  for (const Lost& one : *lost) {
    const auto done = records.Retire(one.seen, reason, store::After(kStorePatience));
    if (!done) return Report(done.error());
    SayDone(*done, one.seen.key);
  }
  return kDone;
}

}  // namespace rollcall::app
