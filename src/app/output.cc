#include "app/output.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "base/quote.h"
#include "model/json_text.h"
#include "model/time.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

std::string LabelsOf(const model::Service& service) {
  std::string text;
  for (const auto& [name, value] : service.extension.labels) {
    fmt::format_to(std::back_inserter(text), "{}{}={}", text.empty() ? "" : ",", name, value);
  }
  return text;
}

// What is wrong with it, or why it is not as it should be.
std::string RemarkOf(const Entry& entry) {
  const Condition& condition = entry.condition;
  if (!entry.item.problem.empty()) return entry.item.problem;
  if (condition.held) return fmt::format("held: {}", condition.held->why);
  if (condition.stopping) return fmt::format("stopping: {}", condition.stopping->why);
  if (condition.state == model::State::kPassing) return "";
  return condition.why;
}

Row RowOf(const Entry& entry) {
  const SplitName name = Split(entry.item);
  const Condition& condition = entry.condition;
  Row row{name.parent, name.first, "", "", "", "", "", "", RemarkOf(entry)};
  if (entry.item.service) {
    const model::Service& service = *entry.item.service;
    row[2] = service.host.empty() ? service.text : service.host;
    if (service.port != 0) row[3] = std::to_string(service.port);
    if (service.ttl != 0) row[6] = std::to_string(service.ttl);
    row[7] = LabelsOf(service);
  }
  if (condition.state) row[4] = ToString(*condition.state);
  if (condition.since) row[5] = model::FormatTime(*condition.since);
  return row;
}

json::object ObjectOf(const model::Record& record) {
  json::object object{
      {"since", model::FormatTime(record.since)}, {"by", record.by}, {"why", record.why}};
  if (record.until) object["until"] = model::FormatTime(*record.until);
  return object;
}

json::object ObjectOf(const Entry& entry) {
  const registry::Listed& item = entry.item;
  const Condition& condition = entry.condition;
  const SplitName name = Split(item);
  json::object object{{"key", item.key}, {"name", name.parent}, {"instance", name.first}};
  if (item.service) {
    object["address"] = item.service->host;
    object["port"] = item.service->port;
  }
  if (condition.state) object["state"] = ToString(*condition.state);
  if (condition.since) object["since"] = model::FormatTime(*condition.since);
  if (!condition.why.empty()) object["why"] = condition.why;
  if (condition.maintenance) object["maintenance"] = ObjectOf(*condition.maintenance);
  if (condition.held) object["held"] = ObjectOf(*condition.held);
  if (condition.stopping) object["stopping"] = ObjectOf(*condition.stopping);
  if (item.service) {
    const model::Service& service = *item.service;
    if (service.ttl != 0) object["ttl"] = service.ttl;
    if (!service.text.empty()) object["text"] = service.text;
    if (!service.extension.owner.empty()) object["owner"] = service.extension.owner;
    json::object labels;
    for (const auto& [label, value] : service.extension.labels) labels[label] = value;
    object["labels"] = std::move(labels);
  }
  if (!item.problem.empty()) object["problem"] = item.problem;
  if (item.lease != 0) object["lease"] = fmt::format("{:x}", item.lease);
  object["revision"] = item.mod_revision;
  return object;
}

}  // namespace

SplitName Split(const registry::Listed& item) {
  if (item.name.view().IsRoot()) return {item.key, ""};
  std::string parent = item.name.view().Parent().ToText();
  if (parent.size() > 1) parent.pop_back();
  const std::string whole = item.name.ToText();
  // The first label as it is escaped in the whole name.
  const std::size_t rest = item.name.view().Parent().IsRoot() ? 1 : parent.size() + 2;
  return {parent, whole.substr(0, whole.size() - rest)};
}

Setting OutputSetting() {
  return {"output", "FORMAT", "table", "table or json."};
}

Result<Output> ReadOutput(const Settings& settings) {
  const std::string text = settings.Text("output");
  if (text == "table") return Output::kTable;
  if (text == "json") return Output::kJson;
  return settings.Wrong("output", fmt::format("{} is neither table nor json", Quote(text)));
}

std::string TableOf(const std::vector<Entry>& entries) {
  std::vector<Row> rows{
      {"NAME", "INSTANCE", "ADDRESS", "PORT", "STATE", "SINCE", "TTL", "LABELS", "PROBLEM"}};
  for (const Entry& entry : entries) rows.push_back(RowOf(entry));
  return Table(std::move(rows));
}

std::string JsonOf(const std::vector<Entry>& entries) {
  std::string text = "[";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    text += i == 0 ? "\n " : ",\n ";
    text += std::string_view(json::serialize(ObjectOf(entries[i])));
  }
  return text + (entries.empty() ? "]\n" : "\n]\n");
}

std::string ChangeLine(Output output, const Entry& entry, Change change, store::Revision revision,
                       const Writer& writer) {
  if (output == Output::kJson) {
    json::object object{{"event", ToString(change)}};
    for (auto& member : ObjectOf(entry)) object[member.key()] = member.value();
    object["revision"] = revision;
    if (auto who = WriterJson(writer); !who.empty()) object["change"] = std::move(who);
    return std::string(std::string_view(json::serialize(object)));
  }
  return ChangeLine(RowOf(entry), change, revision, writer);
}

json::object WriterJson(const Writer& writer) {
  json::object object;
  if (!writer.by.empty()) object["by"] = model::MendUtf8(writer.by);
  if (!writer.why.empty()) object["why"] = model::MendUtf8(writer.why);
  return object;
}

std::string ChangeLine(Row row, Change change, store::Revision revision, const Writer& writer) {
  constexpr std::string_view kSigns = "+-~";
  std::string where = fmt::format("{} {} {}.{}", revision, kSigns[static_cast<std::size_t>(change)],
                                  row[1], row[0]);
  Clean(where);
  std::string who;
  for (const auto& [name, said] : {std::pair{"by", writer.by}, std::pair{"why", writer.why}}) {
    std::string text = said;
    Clean(text);
    if (!said.empty()) who += fmt::format(" {}={}", name, text);
  }
  if (change == Change::kDelete) return where + who;
  for (std::string& cell : row) Clean(cell);
  return fmt::format("{} {} {} {} since={} ttl={} labels={} problem={}{}", where, row[2], row[3],
                     row[4], row[5], row[6], row[7], row[8], who);
}

std::string_view ToString(Change change) {
  switch (change) {
    case Change::kPut:
      return "put";
    case Change::kDelete:
      return "delete";
    case Change::kState:
      return "state";
  }
  return "put";
}

Scope ScopeOf(const std::string& name, const registry::Layout& layout, bool zone_given) {
  Scope scope{layout, name};
  if (name.ends_with('.')) {
    scope.service.pop_back();
    scope.layout.zone.clear();
    return scope;
  }
  if (name.empty() && !zone_given) scope.layout.zone.clear();
  if (!layout.base_path.empty() || layout.zone.empty()) return scope;
  if (name == layout.zone) scope.service.clear();
  const std::string tail = "." + layout.zone;
  if (name.ends_with(tail)) scope.service.resize(name.size() - tail.size());
  return scope;
}

Result<std::string> DirectoryOf(const Scope& scope) {
  return registry::DirectoryOf(scope.layout, scope.service);
}

std::string WhereOf(const Scope& scope) {
  const auto directory = DirectoryOf(scope);
  return directory ? fmt::format("below {}", *directory) : std::string("there");
}

}  // namespace rollcall::app
