#include "app/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/quote.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

constexpr std::array<const char*, 8> kTitles = {"NAME",  "INSTANCE", "ADDRESS", "PORT",
                                                "STATE", "TTL",      "LABELS",  "PROBLEM"};
using Row = std::array<std::string, kTitles.size()>;
using Widths = std::array<std::size_t, kTitles.size()>;

// `node.prom.internal` and `server01`.
struct SplitName {
  std::string parent;
  std::string first;
};

SplitName Split(const registry::Listed& item) {
  if (item.name.view().IsRoot()) return {item.key, ""};
  std::string parent = item.name.view().Parent().ToText();
  if (parent.size() > 1) parent.pop_back();
  const std::string whole = item.name.ToText();
  // The first label as it is escaped in the whole name.
  const std::size_t rest = item.name.view().Parent().IsRoot() ? 1 : parent.size() + 2;
  return {parent, whole.substr(0, whole.size() - rest)};
}

std::string LabelsOf(const model::Service& service) {
  std::string text;
  for (const auto& [name, value] : service.extension.labels) {
    fmt::format_to(std::back_inserter(text), "{}{}={}", text.empty() ? "" : ",", name, value);
  }
  return text;
}

// What the registration alone tells: without an owner nobody vouches for it.
std::string StateOf(const model::Service& service) {
  return service.extension.owner.empty() ? "static" : "owned";
}

Row RowOf(const registry::Listed& item) {
  const SplitName name = Split(item);
  Row row{name.parent, name.first, "", "", "", "", "", item.problem};
  if (item.service) {
    row[2] = item.service->host.empty() ? item.service->text : item.service->host;
    if (item.service->port != 0) row[3] = std::to_string(item.service->port);
    row[4] = StateOf(*item.service);
    if (item.service->ttl != 0) row[5] = std::to_string(item.service->ttl);
    row[6] = LabelsOf(*item.service);
  }
  for (std::string& cell : row) {
    if (cell.empty()) cell = "-";
    // A value may hold anything; a line of the table stays one.
    std::replace_if(
        cell.begin(), cell.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  }
  return row;
}

std::string LineOf(const Row& row, const Widths& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += fmt::format("{:<{}}", row[i], widths[i] + (i + 1 < row.size() ? 2 : 0));
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

json::object ObjectOf(const registry::Listed& item) {
  const SplitName name = Split(item);
  json::object object{{"key", item.key}, {"name", name.parent}, {"instance", name.first}};
  if (item.service) {
    const model::Service& service = *item.service;
    object["address"] = service.host;
    object["port"] = service.port;
    object["state"] = StateOf(service);
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

Setting OutputSetting() {
  return {"output", "FORMAT", "table", "table or json."};
}

Result<Output> ReadOutput(const Settings& settings) {
  const std::string text = settings.Text("output");
  if (text == "table") return Output::kTable;
  if (text == "json") return Output::kJson;
  return settings.Wrong("output", fmt::format("{} is neither table nor json", Quote(text)));
}

std::string TableOf(const std::vector<registry::Listed>& items) {
  std::vector<Row> rows(1);
  std::copy(kTitles.begin(), kTitles.end(), rows[0].begin());
  for (const registry::Listed& item : items) rows.push_back(RowOf(item));
  Widths widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const Row& row : rows) table += LineOf(row, widths);
  return table;
}

std::string JsonOf(const std::vector<registry::Listed>& items) {
  std::string text = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += i == 0 ? "\n " : ",\n ";
    text += std::string_view(json::serialize(ObjectOf(items[i])));
  }
  return text + (items.empty() ? "]\n" : "\n]\n");
}

std::string ChangeLine(Output output, const registry::Listed& item, bool removed,
                       store::Revision revision) {
  if (output == Output::kJson) {
    json::object object{{"event", removed ? "delete" : "put"}};
    for (auto& member : ObjectOf(item)) object[member.key()] = member.value();
    object["revision"] = revision;
    return std::string(std::string_view(json::serialize(object)));
  }
  const SplitName name = Split(item);
  const std::string where =
      fmt::format("{} {} {}.{}", revision, removed ? "-" : "+", name.first, name.parent);
  if (removed) return where;
  const Row row = RowOf(item);
  return fmt::format("{} {} {} {} ttl={} labels={} problem={}", where, row[2], row[3], row[4],
                     row[5], row[6], row[7]);
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

std::string WhereOf(const Scope& scope) {
  const auto directory = registry::DirectoryOf(scope.layout, scope.service);
  return directory ? fmt::format("below {}", *directory) : std::string("there");
}

}  // namespace rollcall::app
