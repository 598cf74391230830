#include "app/server_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <span>
#include <utility>

#include "app/explain_target.h"
#include "app/server_instances.h"
#include "http_client/url.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

// So many are asked for one by one; beyond that all of them, once.
constexpr std::size_t kMostSingly = 20;

// Members that say how an instance is, and where: not what is registered.
constexpr const char* kNames[] = {"key", "name", "instance"};
constexpr const char* kBeside[] = {"service", "zone",     "host",  "state",
                                   "health",  "since",    "why",   "maintenance",
                                   "held",    "stopping", "lease", "revision"};

bool IsDelete(std::string_view type) {
  return type == "deregistered" || type == "removed" || type == "released";
}
// Of a host, or a name above several; or nobody knows of what.
bool IsOfMany(std::string_view type) {
  return type == "reset" || type.starts_with("maintenance");
}

// Of a store that was restored: ids only grow, and its revisions say no longer what came first.
bool IsGoneBack(catalog::HistoryId id, const json::object& change) {
  const std::int64_t revision = NumberIn(change, "revision");
  return revision != 0 && revision < id.revision;
}

bool IsSameValue(json::object a, json::object b) {
  for (json::object* object : {&a, &b}) {
    for (const char* member : kNames) object->erase(member);
    for (const char* member : kBeside) object->erase(member);
  }
  return a == b;
}

// What a change has written, with the state that it is in by now; null: it is gone since.
json::object Written(const json::object& change, const json::object* now) {
  json::object instance;
  const auto take = [&](const json::object& from, std::span<const char* const> members) {
    for (const char* member : members) {
      if (const auto* const value = from.if_contains(member)) instance[member] = *value;
    }
  };
  take(now == nullptr ? change : *now, kNames);
  if (now != nullptr) take(*now, kBeside);
  const auto* const after = change.if_contains("after");
  if (after == nullptr || !after->is_object()) return instance;
  for (const auto& [member, value] : after->get_object()) instance[member] = value;
  return instance;
}

// With the name of a registration that has none of its own, that above it.
std::string AskedName(const json::object& object) {
  return TextIn(object, "instance").empty() ? TextIn(object, "name") : app::NameOf(object);
}

Writer WriterOf(const json::object& change) {
  return {TextIn(change, "by"), TextIn(change, "why")};
}

std::string QueryOf(const std::string& name) {
  return name.empty() ? "" : "&name=" + http_client::Escape(name);
}

tl::unexpected<Error> NoEvent(std::string_view what) {
  return Fail(ErrorCode::kInternal, fmt::format("that is no event of rollcall's: {}", what));
}

}  // namespace

ServerWatch::ServerWatch(AskApi ask, std::string name, Output output, Print print)
    : ask_(std::move(ask)), name_(std::move(name)), output_(output), print_(std::move(print)) {
}

Result<void> ServerWatch::List() {
  // Before the instances: what changes while they are read is told by events as well.
  const auto history = ask_("/api/v1/history?limit=1");
  if (!history) return Fail(history.error());
  const auto* const head = history->if_object();
  const auto last = catalog::ParseHistoryId(head == nullptr ? "" : TextIn(*head, "last"));
  if (!last) return Fail(ErrorCode::kInternal, "the server's answer has no history");
  const auto all = ReadInstances(ask_, QueryOf(name_));
  if (!all) return Fail(all.error());
  at_ = NumberIn(*head, "revision");
  std::map<std::string, json::object> before = std::exchange(known_, {});
  undated_.clear();
  for (const json::value& one : *all) {
    const json::object& instance = one.get_object();
    const std::string key = TextIn(instance, "key");
    const std::int64_t revision = NumberIn(instance, "revision");
    auto was = before.extract(key);
    // A store that was restored counts the same revisions again.
    if (was.empty() || NumberIn(was.mapped(), "revision") != revision ||
        !IsSameValue(was.mapped(), instance)) {
      Put(key, instance, revision);
    } else {
      known_.insert(std::move(was));
      TakeState(key, instance);
    }
  }
  for (const auto& [key, gone] : before) Say(app::Change::kDelete, gone, at_);
  after_ = *last;
  return {};
}

Result<void> ServerWatch::Take(const std::vector<http_client::ServerEvent>& events) {
  const auto changes = Read(events);
  if (!changes) return Fail(changes.error());
  std::map<std::string, std::string> names;
  for (const Change& change : *changes) {
    if (IsOfMany(change.type) || IsDelete(change.type)) continue;
    if (IsWithin(app::NameOf(change.object), name_)) {
      names[TextIn(change.object, "key")] = AskedName(change.object);
    }
  }
  const auto now = Ask(names);
  if (!now) return Fail(now.error());

  bool list = false;
  for (const Change& change : *changes) {
    after_ = change.id;
    at_ = std::max(at_, NumberIn(change.object, "revision"));
    if (IsOfMany(change.type) || IsGoneBack(change.id, change.object)) {
      list = true;
    } else if (!IsWithin(app::NameOf(change.object), name_)) {
      continue;
    } else if (IsDelete(change.type)) {
      TakeDelete(change);
    } else if (change.type == "registered" || change.type == "changed") {
      TakePut(change, *now);
    } else if (change.type == "returned") {
      TakeReturn(TextIn(change.object, "key"), *now);
    }
  }
  for (const auto& [key, instance] : *now) TakeState(key, instance);
  if (!list) return {};
  ListNext();  // also if that fails
  return List();
}

Result<void> ServerWatch::AskForDates() {
  if (undated_.empty()) return {};
  std::map<std::string, std::string> names;
  for (const std::string& key : undated_) names[key] = AskedName(known_[key]);
  const auto now = Ask(names);
  if (!now) return Fail(now.error());
  for (const auto& [key, instance] : *now) TakeState(key, instance);
  return {};
}

Result<std::vector<ServerWatch::Change>> ServerWatch::Read(
    const std::vector<http_client::ServerEvent>& events) const {
  std::vector<Change> changes;
  catalog::HistoryId after = *after_;
  for (const http_client::ServerEvent& event : events) {
    const auto id = catalog::ParseHistoryId(event.id);
    if (!id) return NoEvent(id.error().message);
    // A list has shown it.  Ids begin anew where the server does.
    if (event.type != "reset" && *id <= after) continue;
    after = *id;
    json::error_code error;
    json::value parsed = json::parse(event.data, error);
    auto* const object = error ? nullptr : parsed.if_object();
    if (object == nullptr) return NoEvent("it is no object");
    changes.push_back({*id, event.type, std::move(*object)});
  }
  return changes;
}

Result<ServerWatch::Now> ServerWatch::Ask(const std::map<std::string, std::string>& names) const {
  Now now;
  const auto take = [&](const std::string& name) -> Result<void> {
    auto found = ReadInstances(ask_, QueryOf(name));
    if (!found) return Fail(found.error());
    for (json::value& one : *found) {
      std::string key = TextIn(one.get_object(), "key");
      if (names.contains(key)) now[std::move(key)] = std::move(one.get_object());
    }
    return {};
  };
  if (names.size() > kMostSingly) {
    if (auto ok = take(name_); !ok) return Fail(ok.error());
    return now;
  }
  for (const auto& [key, name] : names) {
    if (auto ok = take(name); !ok) return Fail(ok.error());
  }
  return now;
}

void ServerWatch::TakeDelete(const Change& change) {
  const std::string key = TextIn(change.object, "key");
  const std::int64_t revision = NumberIn(change.object, "revision");
  const auto known = known_.find(key);
  if (known == known_.end()) return;
  // A list has shown what came after it.  0: the server's own word, of no revision.
  if (revision != 0 && NumberIn(known->second, "revision") > revision) return;
  Say(app::Change::kDelete, known->second, revision == 0 ? at_ : revision, WriterOf(change.object));
  known_.erase(known);
  undated_.erase(key);
}

void ServerWatch::TakePut(const Change& change, const Now& now) {
  const std::string key = TextIn(change.object, "key");
  const std::int64_t revision = NumberIn(change.object, "revision");
  const auto known = known_.find(key);
  // A list has shown it.
  if (known != known_.end() && NumberIn(known->second, "revision") >= revision) return;
  const auto found = now.find(key);
  Put(key, Written(change.object, found == now.end() ? nullptr : &found->second), revision,
      WriterOf(change.object));
}

// The registration may have come back at another revision than the word that it was held went.
void ServerWatch::TakeReturn(const std::string& key, const Now& now) {
  const auto found = now.find(key);
  if (found == now.end()) return;
  const std::int64_t revision = NumberIn(found->second, "revision");
  const auto known = known_.find(key);
  if (known != known_.end() && NumberIn(known->second, "revision") >= revision) return;
  Put(key, found->second, revision);
}

void ServerWatch::TakeState(const std::string& key, const json::object& now) {
  const auto known = known_.find(key);
  if (known == known_.end()) return Put(key, now, NumberIn(now, "revision"));
  // What was written since is told by an event of its own.
  if (!IsSameValue(known->second, now)) return;
  json::object instance = now;
  instance["revision"] = NumberIn(known->second, "revision");
  if (instance == known->second) return;
  Say(app::Change::kState, instance, at_);
  Remember(key, std::move(instance));
}

void ServerWatch::Put(const std::string& key, json::object instance, std::int64_t revision,
                      const Writer& writer) {
  instance["revision"] = revision;
  Say(app::Change::kPut, instance, revision, writer);
  Remember(key, std::move(instance));
}

void ServerWatch::Remember(const std::string& key, json::object instance) {
  const bool undated = TextIn(instance, "state") == "lost" && !instance.contains("since");
  if (undated) undated_.insert(key);
  if (!undated) undated_.erase(key);
  known_[key] = std::move(instance);
}

void ServerWatch::Say(app::Change change, const json::object& instance, std::int64_t revision,
                      const Writer& writer) const {
  print_(InstanceChangeLine(output_, instance, change, revision, writer));
}

}  // namespace rollcall::app
