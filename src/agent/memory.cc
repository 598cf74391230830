#include "agent/memory.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/stable_hash.h"

namespace rollcall::agent {
namespace {

namespace json = boost::json;

// The first line: what this is, and a checksum of all behind it.
constexpr std::string_view kHeader = "rollcall agent 1 ";

struct Spelling {
  Remembered::As as;
  std::string_view text;
};
constexpr Spelling kSpellings[] = {{Remembered::As::kRegistered, "registered"},
                                   {Remembered::As::kAway, "away"},
                                   {Remembered::As::kStopped, "stopped"}};

std::int64_t Seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Members that must be there, as they must be: the checksum was right.  Throws.
std::string Text(const json::object& object, std::string_view name) {
  const json::string& text = object.at({name.data(), name.size()}).as_string();
  return {text.data(), text.size()};
}

json::object ToObject(const Remembered& instance) {
  json::object object{{"hash", fmt::format("{:016x}", instance.hash)},
                      {"id", instance.id},
                      {"service", instance.service},
                      {"instance", instance.instance},
                      {"file", instance.file},
                      {"until", Seconds(instance.until)}};
  for (const Spelling& spelling : kSpellings) {
    if (spelling.as == instance.as) object["as"] = spelling.text;
  }
  return object;
}

Remembered FromObject(const json::object& object) {
  Remembered instance;
  instance.hash = std::stoull(Text(object, "hash"), nullptr, 16);
  instance.id = Text(object, "id");
  instance.service = Text(object, "service");
  instance.instance = Text(object, "instance");
  instance.file = Text(object, "file");
  instance.until = WallTime(std::chrono::seconds(object.at("until").as_int64()));
  const std::string as = Text(object, "as");
  for (const Spelling& spelling : kSpellings) {
    if (spelling.text == as) instance.as = spelling.as;
  }
  return instance;
}

Memory FromObject(const json::value& value) {
  const json::object& object = value.as_object();
  Memory memory;
  memory.host = Text(object, "host");
  memory.machine = Text(object, "machine");
  memory.lease = object.at("lease").as_int64();
  for (const auto& [key, instance] : object.at("instances").as_object()) {
    memory.instances.emplace(std::string(key), FromObject(instance.as_object()));
  }
  for (const json::value& endpoint : object.at("endpoints").as_array()) {
    memory.endpoints.emplace_back(endpoint.as_string());
  }
  memory.kept.identity = Text(object, "directory");
  for (const auto& [name, text] : object.at("files").as_object()) {
    memory.kept.files.emplace(std::string(name), std::string(text.as_string()));
  }
  return memory;
}

}  // namespace

std::string ToText(const Memory& memory) {
  json::object instances;
  for (const auto& [key, instance] : memory.instances) instances[key] = ToObject(instance);
  json::object files;
  for (const auto& [name, text] : memory.kept.files) files[name] = text;
  const std::string body = json::serialize(json::object{
      {"host", memory.host},
      {"machine", memory.machine},
      {"lease", memory.lease},
      {"instances", std::move(instances)},
      {"endpoints", json::array(memory.endpoints.begin(), memory.endpoints.end())},
      {"directory", memory.kept.identity},
      {"files", std::move(files)},
  });
  return fmt::format("{}{:016x}\n{}\n", kHeader, StableHash(body), body);
}

Result<Memory> ParseMemory(const std::string& text) {
  const std::size_t line = text.find('\n');
  if (line == std::string::npos || !text.starts_with(kHeader)) {
    return Fail(ErrorCode::kInvalid, "not a state of this rollcall's agent");
  }
  std::string_view body = std::string_view(text).substr(line + 1);
  if (!body.ends_with('\n')) return Fail(ErrorCode::kInvalid, "its end is missing");
  body.remove_suffix(1);
  if (text.substr(kHeader.size(), line - kHeader.size()) !=
      fmt::format("{:016x}", StableHash(body))) {
    return Fail(ErrorCode::kInvalid, "its checksum is wrong");
  }
  try {
    return FromObject(json::parse({body.data(), body.size()}));
  } catch (const std::exception& error) {  // Boost's, and std::stoull's
    return Fail(ErrorCode::kInvalid, fmt::format("not as it was written: {}", error.what()));
  }
}

}  // namespace rollcall::agent
