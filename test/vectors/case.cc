#include "case.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "catalog/marks.h"
#include "catalog/registration.h"
#include "model/records.h"
#include "wire/types.h"

namespace rollcall::vectors {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "/skydns";

std::string Text(const json::value& value) {
  return json::value_to<std::string>(value);
}

json::array ArrayOr(const json::object& object, const char* key, json::array otherwise) {
  const json::value* found = object.if_contains(key);
  return found == nullptr ? std::move(otherwise) : found->as_array();
}

std::int64_t NumberOr(const json::object& object, const char* key, std::int64_t otherwise) {
  const json::value* found = object.if_contains(key);
  return found == nullptr ? otherwise : found->to_number<std::int64_t>();
}

bool FlagOr(const json::object& object, const char* key, bool otherwise) {
  const json::value* found = object.if_contains(key);
  return found == nullptr ? otherwise : found->as_bool();
}

void ReplaceAll(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

std::string Numbered(std::string text, std::int64_t number) {
  std::ostringstream hex;
  hex << std::hex << number;
  ReplaceAll(text, "%d", std::to_string(number));
  ReplaceAll(text, "%x", hex.str());
  return text;
}

void Put(store::KeyValue kv, std::int64_t lease_seconds, SteadyTime now, catalog::View& view) {
  kv.mod_revision = ++view.revision;
  if (lease_seconds > 0) {
    kv.lease = view.revision;
    view.leases[kv.lease] = now + std::chrono::seconds(lease_seconds);
  }
  if (const auto place = model::ParseRecordKey(kv.key)) {
    const std::string subject = catalog::SubjectOf(*place);
    const auto record = model::ParseRecord(kv.value);
    view.marks.Set(place->area, subject,
                   std::make_shared<const catalog::Mark>(
                       catalog::Mark{record.value(), true, kv.mod_revision}));
    view.marks.LookAt(subject, view.tree.FindKey(subject).get());
    return;
  }
  const catalog::RegistrationPtr before = view.tree.FindKey(kv.key);
  auto made = catalog::MakeRegistration(kPrefix, kv, before.get());
  if (!made) return;
  view.marks.LookAt(kv.key, made->get());
  view.tree.Put(std::move(*made));
}

std::uint8_t OpcodeOf(std::string_view text) {
  static const std::map<std::string_view, std::uint8_t> kOpcodes = {
      {"QUERY", 0}, {"STATUS", 2}, {"NOTIFY", 4}, {"UPDATE", 5}};
  return kOpcodes.at(text);
}

std::uint16_t ClassOf(std::string_view text) {
  static const std::map<std::string_view, std::uint16_t> kClasses = {
      {"IN", 1}, {"CH", 3}, {"ANY", 255}};
  return kClasses.at(text);
}

std::vector<std::uint8_t> FromHex(std::string_view hex) {
  std::vector<std::uint8_t> octets;
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    octets.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16)));
  }
  return octets;
}

// Writes numbers and octets at the end of a message.
struct Writer {
  std::vector<std::uint8_t> out;

  void Number16(std::int64_t number) {
    out.push_back(static_cast<std::uint8_t>(number >> 8));
    out.push_back(static_cast<std::uint8_t>(number));
  }
  template <typename Octets>
  void Append(const Octets& octets) {
    out.insert(out.end(), octets.begin(), octets.end());
  }
};

void WriteOpt(const json::object& edns, Writer& writer) {
  Writer options;
  for (const json::value& option : ArrayOr(edns, "options", {})) {
    const std::vector<std::uint8_t> octets = FromHex(option.as_array()[1].as_string());
    options.Number16(option.as_array()[0].to_number<std::int64_t>());
    options.Number16(static_cast<std::int64_t>(octets.size()));
    options.Append(octets);
  }
  writer.out.push_back(0);
  writer.Number16(static_cast<std::int64_t>(wire::Type::kOpt));
  writer.Number16(NumberOr(edns, "udp", 4096));
  writer.Number16(NumberOr(edns, "version", 0));
  writer.Number16((FlagOr(edns, "do", false) ? 0x8000 : 0) | NumberOr(edns, "z", 0));
  writer.Number16(static_cast<std::int64_t>(options.out.size()));
  writer.Append(options.out);
}

}  // namespace

wire::Name NameOf(std::string_view text) {
  auto name = wire::Name::FromText(text);
  if (!name) throw std::runtime_error(name.error().message);
  return *name;
}

wire::Type TypeOf(std::string_view text) {
  static const std::map<std::string_view, int> kTypes = {
      {"A", 1},      {"NS", 2},    {"CNAME", 5}, {"SOA", 6},   {"PTR", 12}, {"HINFO", 13},
      {"MX", 15},    {"TXT", 16},  {"AAAA", 28}, {"SRV", 33},  {"DS", 43},  {"HTTPS", 65},
      {"AXFR", 252}, {"ANY", 255}, {"CAA", 257}, {"IXFR", 251}};
  if (text.starts_with("TYPE")) {
    return static_cast<wire::Type>(std::stoi(std::string(text.substr(4))));
  }
  return static_cast<wire::Type>(kTypes.at(text));
}

Suite ReadSuite(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  const json::value parsed = json::parse(text.str());
  const json::object& from = parsed.as_object();

  Suite suite;
  suite.name = Text(from.at("suite"));
  for (const json::value& zone : from.at("zones").as_array()) {
    suite.zones.push_back(NameOf(zone.as_string()));
  }
  const json::array data = ArrayOr(from, "data", {});
  for (const json::value& each : from.at("cases").as_array()) {
    const json::object& one = each.as_object();
    suite.cases.push_back({Text(one.at("name")), one.at("question").as_object(),
                           one.at("expect").as_object(), ArrayOr(one, "data", data),
                           ArrayOr(one, "outside", {}), ArrayOr(one, "outside_truncated", {})});
  }
  return suite;
}

void Load(const json::array& data, SteadyTime now, catalog::View& view) {
  for (const json::value& each : data) {
    const json::object& datum = each.as_object();
    const std::string key = Text(datum.at("key"));
    const json::value* raw = datum.if_contains("raw");
    const std::string value = raw ? Text(*raw) : json::serialize(datum.at("value"));
    const std::int64_t lease = NumberOr(datum, "lease", 0);
    const json::value* repeat = datum.if_contains("repeat");
    if (repeat == nullptr) {
      Put({.key = key, .value = value}, lease, now, view);
      continue;
    }
    const std::int64_t to = NumberOr(repeat->as_object(), "to", 0);
    for (std::int64_t i = NumberOr(repeat->as_object(), "from", 0); i < to; ++i) {
      Put({.key = Numbered(key, i), .value = Numbered(value, i)}, lease, now, view);
    }
  }
}

std::vector<std::uint8_t> MakeQuery(const json::object& question) {
  Writer writer;
  writer.Number16(0x1234);
  // `raw` is all that follows the id.
  if (const json::value* raw = question.if_contains("raw")) {
    writer.Append(FromHex(raw->as_string()));
    return writer.out;
  }
  const json::value* opcode = question.if_contains("opcode");
  const json::value* qclass = question.if_contains("class");
  const json::value* edns = question.if_contains("edns");
  std::int64_t flags = opcode ? OpcodeOf(opcode->as_string()) << 11 : 0;
  if (FlagOr(question, "rd", true)) flags |= 0x0100;
  if (FlagOr(question, "ad", false)) flags |= 0x0020;
  if (FlagOr(question, "cd", false)) flags |= 0x0010;
  writer.Number16(flags);
  const bool with_opt = edns == nullptr || !edns->is_null();
  for (const int count : {1, 0, 0, with_opt ? 1 : 0}) writer.Number16(count);
  writer.Append(NameOf(question.at("name").as_string()).view().wire());
  writer.Number16(static_cast<std::int64_t>(TypeOf(question.at("type").as_string())));
  writer.Number16(qclass ? ClassOf(qclass->as_string()) : 1);
  if (with_opt) WriteOpt(edns ? edns->as_object() : json::object{}, writer);
  return writer.out;
}

}  // namespace rollcall::vectors
