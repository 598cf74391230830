#include "app/by_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "app/explain_target.h"
#include "app/output.h"
#include "app/server_api.h"
#include "app/server_instances.h"
#include "http_client/url.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

std::string FirstWord(const Invocation& invocation) {
  return invocation.words.empty() ? "" : invocation.words[0];
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
  const auto below = ReadInstances(api, "&name=" + http_client::Escape(name));
  if (!below) return Fail(below.error());
  bool is_host = false;
  if (MayBeHost(word)) {
    const auto like = ReadInstances(api, "&q=" + http_client::Escape(word));
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

int ListByServer(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  const auto name = ReadName(invocation);
  if (!name) return Report(name.error());
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const auto found =
      ReadInstances(*api, name->empty() ? "" : "&name=" + http_client::Escape(*name));
  if (!found) return Report(found.error());
  if (found->empty()) fmt::print(stderr, "rollcall: nothing is registered {}\n", WhereIs(*name));
  PrintInstances(*output, *found);
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
  PrintRows(*output, *all, {"SUBJECT", "SINCE", "UNTIL", "BY", "REASON", "PROBLEM"},
            &MaintenanceRow);
  return kDone;
}

int ListHeldByServer(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  const auto name = ReadName(invocation);
  if (!name) return Report(name.error());
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const auto all = ArrayAt(*api, "/api/v1/protection");
  if (!all) return Report(all.error());
  json::array held;
  for (const json::value& one : *all) {
    if (IsWithin(NameOf(one.get_object()), *name)) held.push_back(one);
  }
  if (held.empty()) fmt::print(stderr, "rollcall: nothing is held {}\n", WhereIs(*name));
  PrintRows(*output, held, {"NAME", "INSTANCE", "ADDRESS", "PORT", "SINCE", "BY", "WHY"}, &HeldRow);
  return kDone;
}

int ReleaseByServer(const Invocation& invocation) {
  const auto name = ReadName(invocation);
  if (!name) return Report(name.error());
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const auto done = api->Send("POST", "/api/v1/protection/release",
                              json::object{{"name", *name}, {"why", "rollcall protect release"}});
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
  return Report({ErrorCode::kNotFound, fmt::format("nothing is held {}", WhereIs(*name))});
}

}  // namespace rollcall::app
