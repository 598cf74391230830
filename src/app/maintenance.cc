// rollcall maintenance on|off|list

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "app/address.h"
#include "app/by_server.h"
#include "app/conditions.h"
#include "app/orders.h"
#include "app/output.h"
#include "app/server_api.h"
#include "base/quote.h"
#include "catalog/marks.h"
#include "catalog/registration.h"
#include "model/duration.h"
#include "model/time.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;
using registry::Subject;

// Whether a registration is run on this host, as a server sees it.
bool IsOn(const registry::Listed& item, const std::string& host, const std::string& prefix) {
  if (!item.service || !item.key.starts_with(prefix + "/")) return false;
  store::KeyValue kv;
  kv.key = item.key;
  kv.value = model::ToJson(*item.service);
  const auto made = catalog::MakeRegistration(prefix, kv, nullptr);
  return made && catalog::HostOf(**made) == host;
}

// What a word can mean, in the order of the help.
struct Meanings {
  Subject name;
  Subject host;
  bool outright = false;  // it can mean nothing else: the first that is set
};

Result<Meanings> MeaningsOf(const std::string& word, const Session& session,
                            const Settings& settings) {
  if (word.starts_with('@')) return Meanings{{}, {"", word.substr(1)}, true};
  const auto directory = DirectoryOf(ScopeOf(word, session.layout(), settings.IsGiven("zone")));
  if (!directory) return Fail(directory.error());
  const bool whole = word.find('.') != std::string::npos;
  return Meanings{{*directory, ""}, {"", whole ? "" : word}, whole && word.ends_with('.')};
}

Error Ambiguous(const std::string& word) {
  return {ErrorCode::kInvalid,
          fmt::format("{} is a host and a name: say @{} for the host, or the whole name with a dot "
                      "at its end",
                      word, word)};
}

// Of what is there, what the word means.
Result<Subject> FindSubject(const std::string& word, Session& session, const Settings& settings,
                            store::Deadline deadline) {
  const auto meanings = MeaningsOf(word, session, settings);
  if (!meanings) return Fail(meanings.error());
  if (meanings->outright) return meanings->host.host.empty() ? meanings->name : meanings->host;
  const Scope scope = ScopeOf(word, session.layout(), settings.IsGiven("zone"));
  registry::Registry registry(session.store(), scope.layout);
  const auto below = registry.List(scope.service, deadline);
  if (!below) return Fail(below.error());
  bool is_host = false;
  if (!meanings->host.host.empty()) {
    registry::Layout everywhere = session.layout();
    everywhere.zone.clear();
    const auto all = registry::Registry(session.store(), everywhere).List("", deadline);
    if (!all) return Fail(all.error());
    is_host = std::any_of(all->items.begin(), all->items.end(), [&](const auto& item) {
      return IsOn(item, word, registry::NamingPrefix(everywhere));
    });
  }
  if (is_host && !below->items.empty()) return Fail(Ambiguous(word));
  if (is_host) return meanings->host;
  if (!below->items.empty()) return meanings->name;
  return Fail(ErrorCode::kNotFound,
              fmt::format("nothing is registered {}, nor on a host {}; to say it ahead, say @HOST, "
                          "or the whole name with a dot at its end",
                          WhereOf(scope), word));
}

// A moment, or how long from now.
Result<std::optional<WallTime>> ReadUntil(const Settings& settings, WallTime now) {
  const std::string text = settings.Text("until");
  if (text.empty()) return std::nullopt;
  if (const auto time = model::ParseTime(text)) return *time;
  const auto duration = model::ParseDuration(text);
  if (duration && duration->count() > 0) return now + *duration;
  return settings.Wrong(
      "until", fmt::format("{} is neither a time such as 2026-01-31T12:00:00Z nor a duration "
                           "such as 2h",
                           Quote(text)));
}

std::string NameOf(const Subject& subject) {
  return subject.key.empty() ? "@" + subject.host : subject.key;
}

int RunOn(const Invocation& invocation) {
  if (invocation.settings.IsGiven("server")) return MaintainByServer(invocation);
  const auto until = ReadUntil(invocation.settings, SystemClock().WallNow());
  if (!until) return Report(until.error());
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const auto deadline = store::After(kStorePatience);
  const auto subject = FindSubject(invocation.words[0], **session, invocation.settings, deadline);
  if (!subject) return Report(subject.error());
  registry::Records records((*session)->store());
  const auto done =
      records.Maintain(*subject, *until, {WhoAmI(), invocation.settings.Text("reason")}, deadline);
  if (!done) return Report(done.error());
  fmt::print("in maintenance {} until {}\n", NameOf(*subject),
             *until ? model::FormatTime(**until) : "it is ended");
  return kDone;
}

// Ends what there is, whether or not anything is registered there.
int RunOff(const Invocation& invocation) {
  if (invocation.settings.IsGiven("server")) return EndMaintenanceByServer(invocation);
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const auto deadline = store::After(kStorePatience);
  const auto meanings = MeaningsOf(invocation.words[0], **session, invocation.settings);
  if (!meanings) return Report(meanings.error());
  registry::Records records((*session)->store());
  const auto all = records.List(model::Area::kMaintenance, "", deadline);
  if (!all) return Report(all.error());
  const auto is_there = [&](const Subject& subject) {
    if (subject.key.empty() && subject.host.empty()) return false;
    return std::any_of(all->begin(), all->end(), [&](const registry::ListedRecord& record) {
      return record.place.key == subject.key && record.place.host == subject.host;
    });
  };
  const bool name = is_there(meanings->name);
  const bool host = is_there(meanings->host);
  if (name && host) return Report(Ambiguous(invocation.words[0]));
  const Subject& subject = host ? meanings->host : meanings->name;
  if (!name && !host) {
    return Report(
        {ErrorCode::kNotFound, fmt::format("{} is not in maintenance", invocation.words[0])});
  }
  if (const auto done = records.EndMaintenance(subject, deadline); !done) {
    return Report(done.error());
  }
  fmt::print("no longer in maintenance {}\n", NameOf(subject));
  return kDone;
}

// --- list

std::string TableOf(const std::vector<registry::ListedRecord>& records) {
  std::vector<Row> rows{{"SUBJECT", "SINCE", "UNTIL", "BY", "REASON", "PROBLEM"}};
  for (const registry::ListedRecord& one : records) {
    const model::Record record = one.record.value_or(model::Record{});
    rows.push_back({catalog::SubjectOf(one.place),
                    one.record ? model::FormatTime(record.since) : "", TimeText(record.until),
                    record.by, record.why, one.problem});
  }
  return Table(std::move(rows));
}

std::string JsonOf(const std::vector<registry::ListedRecord>& records) {
  json::array array;
  for (const registry::ListedRecord& one : records) {
    json::object object;
    if (!one.place.key.empty()) object["key"] = one.place.key;
    if (!one.place.host.empty()) object["host"] = one.place.host;
    if (one.record) {
      object["since"] = model::FormatTime(one.record->since);
      if (one.record->until) object["until"] = model::FormatTime(*one.record->until);
      object["by"] = one.record->by;
      object["reason"] = one.record->why;
    }
    if (!one.problem.empty()) object["problem"] = one.problem;
    array.push_back(std::move(object));
  }
  return json::serialize(array) + "\n";
}

// Whether a record concerns what the word means: it is about that, a name above it, or one
// below.
bool Concerns(const registry::ListedRecord& record, const Meanings& meanings) {
  const auto within = [](const std::string& key, const std::string& directory) {
    return key == directory || key.starts_with(directory + "/");
  };
  const std::string& key = record.place.key;
  if (key.empty()) return !meanings.host.host.empty() && record.place.host == meanings.host.host;
  return within(key, meanings.name.key) || within(meanings.name.key, key);
}

int RunMaintenanceList(const Invocation& invocation) {
  if (invocation.settings.IsGiven("server")) return ListMaintenanceByServer(invocation);
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  registry::Records reader((*session)->store());
  auto records = reader.List(model::Area::kMaintenance, "", store::After(kStorePatience));
  if (!records) return Report(records.error());
  if (!invocation.words.empty()) {
    const auto meanings = MeaningsOf(invocation.words[0], **session, invocation.settings);
    if (!meanings) return Report(meanings.error());
    std::erase_if(*records, [&](const auto& record) { return !Concerns(record, *meanings); });
  }
  if (records->empty()) fmt::print(stderr, "rollcall: nothing is in maintenance\n");
  fmt::print("{}", *output == Output::kJson ? JsonOf(*records) : TableOf(*records));
  return kDone;
}

constexpr std::string_view kWordsHelp =
    "A service, an instance (server01.node), a whole name with a dot at its end, or a host (@HOST "
    "where a name is called so too).";

}  // namespace

Command MaintenanceOnCommand() {
  const std::vector<Setting> own = {
      {"until", "TIME", "",
       "When it ends: 2026-01-31T12:00:00Z, or 2h (default: never by itself)."},
      {"reason", "TEXT", "", "Why, for others to read."},
  };
  return {
      "maintenance on",
      "NAME",
      1,
      1,
      "Takes a name or a host out of the healthy view, until a time.",
      "It stays in the inventory, from which Prometheus scrapes; only _healthy. leaves it out.\n"
      "The word is kept in the store, so it counts on every server and survives restarts of\n"
      "the agent. Given again, it replaces the word before.\n\n"
      "Examples:\n"
      "  rollcall maintenance on server01 --until=2h --reason='new disks'\n"
      "  rollcall maintenance on server01.node",
      Join({own, ServerInsteadSettings(), ClientSettings()}),
      &RunOn,
      kWordsHelp};
}

Command MaintenanceOffCommand() {
  return {"maintenance off",
          "NAME",
          1,
          1,
          "Ends it. Exit status 1 if there was none.",
          "Example:\n"
          "  rollcall maintenance off server01",
          Join({ServerInsteadSettings(), ClientSettings()}),
          &RunOff,
          kWordsHelp};
}

Command MaintenanceListCommand() {
  return {"maintenance list",
          "NAME",
          0,
          1,
          "Shows what is in maintenance, or what of it concerns a name or host.",
          "Example:\n"
          "  rollcall maintenance list --output=json",
          Join({{OutputSetting()}, ServerInsteadSettings(), ClientSettings()}),
          &RunMaintenanceList,
          kWordsHelp};
}

}  // namespace rollcall::app
