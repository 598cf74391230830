#include "app/server_instances.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>
#include <vector>

#include "app/explain_target.h"
#include "base/ascii.h"
#include "base/quote.h"
#include "http_client/url.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

constexpr int kPageSize = 5000;

std::string TextBelow(const json::object& object, std::string_view member, std::string_view below) {
  const auto* const inner = object.if_contains(member);
  return inner != nullptr && inner->is_object() ? TextIn(inner->get_object(), below) : "";
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

// An array, one object a line, as at the store.
std::string LinesOf(const json::array& objects) {
  std::string text = "[";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    text += i == 0 ? "\n " : ",\n ";
    text += std::string_view(json::serialize(objects[i]));
  }
  return text + (objects.empty() ? "]\n" : "\n]\n");
}

}  // namespace

bool IsWithin(std::string_view name, std::string_view above) {
  if (above.empty() || name == above) return true;
  return name.ends_with(above) && name[name.size() - above.size() - 1] == '.';
}

std::string WhereIs(const std::string& name) {
  return name.empty() ? "there" : fmt::format("at or below {}", name);
}

std::string WholeName(const std::string& word, const Settings& settings) {
  if (word.starts_with('@')) return "";
  const std::string zone = LowerCase(settings.Text("zone"));
  const std::string name = LowerCase(word);
  if (name.empty()) return settings.IsGiven("zone") ? zone : "";
  if (name.ends_with('.')) return name.substr(0, name.size() - 1);
  return IsWithin(name, zone) ? name : fmt::format("{}.{}", name, zone);
}

Result<std::string> ReadName(const Invocation& invocation) {
  const std::string word = invocation.words.empty() ? "" : invocation.words[0];
  if (!word.starts_with('@')) return WholeName(word, invocation.settings);
  return Fail(ErrorCode::kInvalid,
              fmt::format("{} is a host's name: a service's is wanted", Quote(word)));
}

Result<json::array> ReadInstances(const ServerApi& api, const std::string& query) {
  return ReadInstances([&](const std::string& path) { return api.Get(path); }, query);
}

Result<json::array> ReadInstances(const AskApi& ask, const std::string& query) {
  json::array all;
  std::string after;
  do {
    const auto page = ask(fmt::format("/api/v1/instances?limit={}{}{}{}", kPageSize, query,
                                      after.empty() ? "" : "&after=", http_client::Escape(after)));
    if (!page && page.error().code == ErrorCode::kNotFound) return all;  // no such name
    if (!page) return Fail(page.error());
    const auto* object = page->if_object();
    const auto* some = object == nullptr ? nullptr : object->if_contains("instances");
    if (some == nullptr || !some->is_array()) {
      return Fail(ErrorCode::kUnavailable, "the server's answer has no list of instances");
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

std::string NumberText(const json::object& object, std::string_view member) {
  const std::int64_t number = NumberIn(object, member);
  return number == 0 ? "" : std::to_string(number);
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

std::string InstanceChangeLine(Output output, const json::object& instance, Change change,
                               std::int64_t revision, const Writer& writer) {
  if (output == Output::kTable) return ChangeLine(InstanceRow(instance), change, revision, writer);
  json::object object{{"event", ToString(change)}};
  for (const auto& [member, value] : instance) {
    const bool names = member == "key" || member == "name" || member == "instance";
    if (names || change != Change::kDelete) object[member] = value;
  }
  object["revision"] = revision;
  if (auto who = WriterJson(writer); !who.empty()) object["change"] = std::move(who);
  return std::string(std::string_view(json::serialize(object)));
}

void PrintRows(Output output, const json::array& objects, Row titles,
               Row (*row_of)(const json::object&)) {
  if (output == Output::kJson) return fmt::print("{}", LinesOf(objects));
  std::vector<Row> rows{std::move(titles)};
  for (const json::value& one : objects) rows.push_back(row_of(one.get_object()));
  fmt::print("{}", Table(std::move(rows)));
}

void PrintInstances(Output output, const json::array& instances) {
  PrintRows(output, instances,
            {"NAME", "INSTANCE", "ADDRESS", "PORT", "STATE", "SINCE", "TTL", "LABELS", "PROBLEM"},
            &InstanceRow);
}

}  // namespace rollcall::app
