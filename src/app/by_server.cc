#include "app/by_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "app/explain_target.h"
#include "app/output.h"
#include "app/server_api.h"
#include "base/ascii.h"
#include "http_client/url.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

constexpr int kPageSize = 5000;

std::string FirstWord(const Invocation& invocation) {
  return invocation.words.empty() ? "" : invocation.words[0];
}

// In small letters.
bool IsWithin(std::string_view name, std::string_view above) {
  if (above.empty() || name == above) return true;
  return name.ends_with(above) && name[name.size() - above.size() - 1] == '.';
}

std::string WhereIs(const std::string& name) {
  return name.empty() ? "there" : fmt::format("at or below {}", name);
}

// All of them that fit, page by page.
Result<json::array> Instances(const ServerApi& api, const std::string& query) {
  json::array all;
  std::string after;
  do {
    const auto page =
        api.Get(fmt::format("/api/v1/instances?limit={}{}{}{}", kPageSize, query,
                            after.empty() ? "" : "&after=", http_client::Escape(after)));
    if (!page && page.error().code == ErrorCode::kNotFound) return all;  // no such name
    if (!page) return Fail(page.error());
    const auto* object = page->if_object();
    const auto* some = object == nullptr ? nullptr : object->if_contains("instances");
    if (some == nullptr || !some->is_array()) {
      return Fail(ErrorCode::kUnavailable, fmt::format("{}: no list of instances", api.url()));
    }
    for (const json::value& one : some->get_array()) {
      if (one.is_object()) all.push_back(one);
    }
    const std::string next = TextIn(*object, "next");
    if (!next.empty() && next <= after) break;  // no server of ours
    after = next;
  } while (!after.empty());
  return all;
}

Result<json::array> ArrayAt(const ServerApi& api, const std::string& path) {
  auto answer = api.Get(path);
  if (!answer) return Fail(answer.error());
  if (!answer->is_array()) {
    return Fail(ErrorCode::kUnavailable, fmt::format("{}: no list", api.url()));
  }
  json::array all;
  for (json::value& one : answer->get_array()) {
    if (one.is_object()) all.push_back(std::move(one));
  }
  return all;
}

std::string TextBelow(const json::object& object, std::string_view member, std::string_view below) {
  const auto* const inner = object.if_contains(member);
  return inner != nullptr && inner->is_object() ? TextIn(inner->get_object(), below) : "";
}

std::string NumberText(const json::object& object, std::string_view member) {
  const std::int64_t number = NumberIn(object, member);
  return number == 0 ? "" : std::to_string(number);
}

std::string LabelsText(const json::object& instance) {
  std::string text;
  const auto* const labels = instance.if_contains("labels");
  if (labels == nullptr || !labels->is_object()) return text;
  for (const auto& [name, value] : labels->get_object()) {
    if (!text.empty()) text += ',';
    text += std::string_view(name);
    text += '=';
    if (value.is_string()) text += std::string_view(value.get_string());
  }
  return text;
}

std::string RemarkOf(const json::object& instance) {
  if (const std::string problem = TextIn(instance, "problem"); !problem.empty()) return problem;
  for (const char* what : {"held", "stopping"}) {
    if (instance.contains(what))
      return fmt::format("{}: {}", what, TextBelow(instance, what, "why"));
  }
  return TextIn(instance, "state") == "passing" ? "" : TextIn(instance, "why");
}

Row InstanceRow(const json::object& one) {
  const std::string address = TextIn(one, "address");
  return {TextIn(one, "name"),
          TextIn(one, "instance"),
          address.empty() ? TextIn(one, "text") : address,
          NumberText(one, "port"),
          TextIn(one, "state"),
          TextIn(one, "since"),
          NumberText(one, "ttl"),
          LabelsText(one),
          RemarkOf(one)};
}

// An array, one object a line, as at the store.
std::string LinesOf(const json::array& objects) {
  std::string text = "[";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    text += i == 0 ? "\n " : ",\n ";
    text += std::string_view(json::serialize(objects[i]));
  }
  return text + (objects.empty() ? "]\n" : "\n]\n");
}

void Print(Output output, const json::array& objects, Row titles,
           Row (*row_of)(const json::object&)) {
  if (output == Output::kJson) return fmt::print("{}", LinesOf(objects));
  std::vector<Row> rows{std::move(titles)};
  for (const json::value& one : objects) rows.push_back(row_of(one.get_object()));
  fmt::print("{}", Table(std::move(rows)));
}

Error Ambiguous(const std::string& word) {
  return {ErrorCode::kInvalid,
          fmt::format("{} is a host and a name: say @{} for the host, or the whole name with a dot "
                      "at its end",
                      word, word)};
}

// Whether the word can be a host's; "@server01" can be nothing else.
bool MayBeHost(const std::string& word) {
  return word.starts_with('@') || word.find('.') == std::string::npos;
}
std::string HostOf(const std::string& word) {
  return word.starts_with('@') ? word : "@" + word;
}

// Of what is there, what the word means: "@server01" or a whole name.
Result<std::string> FindSubject(const ServerApi& api, const std::string& word,
                                const Settings& settings) {
  const std::string name = WholeName(word, settings);
  if (word.starts_with('@')) return word;
  if (word.ends_with('.')) return name;
  const auto below = Instances(api, "&name=" + http_client::Escape(name));
  if (!below) return Fail(below.error());
  bool is_host = false;
  if (MayBeHost(word)) {
    const auto like = Instances(api, "&q=" + http_client::Escape(word));
    if (!like) return Fail(like.error());
    is_host = std::any_of(like->begin(), like->end(), [&](const json::value& one) {
      return TextIn(one.get_object(), "host") == word;
    });
  }
  if (is_host && !below->empty()) return Fail(Ambiguous(word));
  if (is_host) return HostOf(word);
  if (!below->empty()) return name;
  return Fail(ErrorCode::kNotFound,
              fmt::format("nothing is registered {}, nor on a host {}; to say it ahead, say @HOST, "
                          "or the whole name with a dot at its end",
                          WhereIs(name), word));
}

Row MaintenanceRow(const json::object& one) {
  return {TextIn(one, "subject"), TextIn(one, "since"),  TextIn(one, "until"),
          TextIn(one, "by"),      TextIn(one, "reason"), TextIn(one, "problem")};
}

Row HeldRow(const json::object& one) {
  return {TextIn(one, "name"),     TextIn(one, "instance"), TextIn(one, "address"),
          NumberText(one, "port"), TextIn(one, "since"),    TextIn(one, "by"),
          TextIn(one, "why")};
}

}  // namespace

std::string WholeName(const std::string& word, const Settings& settings) {
  if (word.starts_with('@')) return "";
  const std::string zone = LowerCase(settings.Text("zone"));
  const std::string name = LowerCase(word);
  if (name.empty()) return settings.IsGiven("zone") ? zone : "";
  if (name.ends_with('.')) return name.substr(0, name.size() - 1);
  return IsWithin(name, zone) ? name : fmt::format("{}.{}", name, zone);
}

int ListByServer(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const std::string name = WholeName(FirstWord(invocation), invocation.settings);
  const auto found = Instances(*api, name.empty() ? "" : "&name=" + http_client::Escape(name));
  if (!found) return Report(found.error());
  if (found->empty()) fmt::print(stderr, "rollcall: nothing is registered {}\n", WhereIs(name));
  Print(*output, *found,
        {"NAME", "INSTANCE", "ADDRESS", "PORT", "STATE", "SINCE", "TTL", "LABELS", "PROBLEM"},
        &InstanceRow);
  return kDone;
}

int MaintainByServer(const Invocation& invocation) {
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const auto subject = FindSubject(*api, FirstWord(invocation), invocation.settings);
  if (!subject) return Report(subject.error());
  json::object order;
  for (const char* member : {"until", "reason"}) {
    const std::string text = invocation.settings.Text(member);
    if (!text.empty()) order[member] = text;
  }
  const auto done = api->Send("PUT", "/api/v1/maintenance/" + http_client::Escape(*subject), order);
  if (!done) return Report(done.error());
  const std::string until = done->is_object() ? TextIn(done->get_object(), "until") : "";
  fmt::print("in maintenance {} until {}\n", *subject, until.empty() ? "it is ended" : until);
  return kDone;
}

int EndMaintenanceByServer(const Invocation& invocation) {
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const auto all = ArrayAt(*api, "/api/v1/maintenance");
  if (!all) return Report(all.error());
  const std::string word = FirstWord(invocation);
  const auto is_there = [&](const std::string& subject) {
    return std::any_of(all->begin(), all->end(), [&](const json::value& one) {
      return TextIn(one.get_object(), "subject") == subject;
    });
  };
  const std::string name = WholeName(word, invocation.settings);
  const bool of_name = !name.empty() && is_there(name);
  const bool of_host = MayBeHost(word) && is_there(HostOf(word));
  if (of_name && of_host) return Report(Ambiguous(word));
  if (!of_name && !of_host) {
    return Report({ErrorCode::kNotFound, fmt::format("{} is not in maintenance", word)});
  }
  const std::string subject = of_host ? HostOf(word) : name;
  const auto done =
      api->Send("DELETE", "/api/v1/maintenance/" + http_client::Escape(subject), nullptr);
  if (!done) return Report(done.error());
  fmt::print("no longer in maintenance {}\n", subject);
  return kDone;
}

int ListMaintenanceByServer(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  auto all = ArrayAt(*api, "/api/v1/maintenance");
  if (!all) return Report(all.error());
  const std::string word = FirstWord(invocation);
  if (!word.empty()) {
    const std::string name = WholeName(word, invocation.settings);
    const auto concerns = [&](const json::value& one) {
      const std::string subject = TextIn(one.get_object(), "subject");
      if (subject.starts_with('@')) return MayBeHost(word) && subject == HostOf(word);
      return !name.empty() && (IsWithin(subject, name) || IsWithin(name, subject));
    };
    json::array some;
    for (json::value& one : *all) {
      if (concerns(one)) some.push_back(std::move(one));
    }
    *all = std::move(some);
  }
  if (all->empty()) fmt::print(stderr, "rollcall: nothing is in maintenance\n");
  Print(*output, *all, {"SUBJECT", "SINCE", "UNTIL", "BY", "REASON", "PROBLEM"}, &MaintenanceRow);
  return kDone;
}

int ListHeldByServer(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const auto all = ArrayAt(*api, "/api/v1/protection");
  if (!all) return Report(all.error());
  const std::string name = WholeName(FirstWord(invocation), invocation.settings);
  json::array held;
  for (const json::value& one : *all) {
    if (IsWithin(NameOf(one.get_object()), name)) held.push_back(one);
  }
  if (held.empty()) fmt::print(stderr, "rollcall: nothing is held {}\n", WhereIs(name));
  Print(*output, held, {"NAME", "INSTANCE", "ADDRESS", "PORT", "SINCE", "BY", "WHY"}, &HeldRow);
  return kDone;
}

int ReleaseByServer(const Invocation& invocation) {
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const std::string name = WholeName(FirstWord(invocation), invocation.settings);
  const auto done = api->Send("POST", "/api/v1/protection/release",
                              json::object{{"name", name}, {"why", "rollcall protect release"}});
  if (!done) return Report(done.error());
  const auto* const released =
      done->is_object() ? done->get_object().if_contains("released") : nullptr;
  std::size_t count = 0;
  if (released != nullptr && released->is_array()) {
    for (const json::value& key : released->get_array()) {
      if (!key.is_string()) continue;
      fmt::print("released {}\n", std::string_view(key.get_string()));
      ++count;
    }
  }
  if (count > 0) return kDone;
  return Report({ErrorCode::kNotFound, fmt::format("nothing is held {}", WhereIs(name))});
}

}  // namespace rollcall::app
