#include "model/records.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "base/quote.h"
#include "model/json_text.h"
#include "model/time.h"

namespace rollcall::model {
namespace {

namespace json = boost::json;

constexpr std::array kAreas = {Area::kAlive,    Area::kRegistered, Area::kLost,
                               Area::kGone,     Area::kHeld,       Area::kMaintenance,
                               Area::kStopping, Area::kOwner,      Area::kAdvertised};

Error Wrong(std::string_view member, std::string_view what) {
  return {ErrorCode::kInvalid, fmt::format("member {}: {}", member, what)};
}

// Reads members one after the other; the first problem stays.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  void Read(std::string_view name, std::string& text) {
    const json::value* const value = Find(name);
    if (!value) return;
    if (const json::string* const string = value->if_string()) {
      text.assign(string->data(), string->size());
    } else {
      Note(Wrong(name, "is not a string"));
    }
  }
  void Read(std::string_view name, std::optional<WallTime>& time) {
    std::string text;
    Read(name, text);
    if (text.empty()) return;
    if (const auto parsed = ParseTime(text)) {
      time = *parsed;
    } else {
      Note(Wrong(name, parsed.error().message));
    }
  }
  void Read(std::string_view name, std::optional<Health>& health) {
    std::string text;
    Read(name, text);
    if (text.empty()) return;
    health = ParseHealth(text);
    if (!health) Note(Wrong(name, fmt::format("{} is no health", Quote(text))));
  }
  void Read(std::string_view name, bool& yes) {
    const json::value* const value = Find(name);
    if (!value) return;
    if (const bool* const truth = value->if_bool()) {
      yes = *truth;
    } else {
      Note(Wrong(name, "is neither true nor false"));
    }
  }
  void CheckVersion() {
    const json::value* const value = Find("version");
    if (!value) return;
    const std::int64_t* const number = value->if_int64();
    if (!number || *number > 1) Note(Wrong("version", "is of a newer rollcall"));
  }
  void Note(Error problem) {
    if (!problem_) problem_ = std::move(problem);
  }
  [[nodiscard]] std::optional<Error> problem() && { return std::move(problem_); }

 private:
  [[nodiscard]] const json::value* Find(std::string_view name) const {
    const json::value* const value = object_.if_contains(json::string_view(name));
    return value && !value->is_null() ? value : nullptr;
  }

  const json::object& object_;
  std::optional<Error> problem_;
};

}  // namespace

std::string_view ToString(Area area) {
  switch (area) {
    case Area::kAlive:
      return "alive";
    case Area::kRegistered:
      return "registered";
    case Area::kLost:
      return "lost";
    case Area::kGone:
      return "gone";
    case Area::kHeld:
      return "held";
    case Area::kMaintenance:
      return "maintenance";
    case Area::kStopping:
      return "stopping";
    case Area::kOwner:
      return "owner";
    case Area::kAdvertised:
      return "advertised";
  }
  return "unknown";
}

std::string AreaPrefix(Area area) {
  return fmt::format("{}/{}/", kOwnPrefix, ToString(area));
}

std::string RecordKey(Area area, std::string_view registration_key) {
  if (registration_key.starts_with('/')) registration_key.remove_prefix(1);
  return AreaPrefix(area).append(registration_key);
}

std::string HostRecordKey(Area area, std::string_view host) {
  return AreaPrefix(area).append("@").append(host);
}

std::optional<RecordPlace> ParseRecordKey(std::string_view key) {
  if (!key.starts_with(kOwnPrefix) || !key.substr(kOwnPrefix.size()).starts_with('/')) {
    return std::nullopt;
  }
  key.remove_prefix(kOwnPrefix.size() + 1);
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos || slash + 1 == key.size()) return std::nullopt;
  const std::string_view rest = key.substr(slash + 1);
  for (const Area area : kAreas) {
    if (key.substr(0, slash) != ToString(area)) continue;
    if (rest.starts_with('@')) return RecordPlace{area, {}, std::string(rest.substr(1))};
    return RecordPlace{area, "/" + std::string(rest), {}};
  }
  return std::nullopt;
}

std::string ToJson(const Record& record) {
  // What others wrote need not be UTF-8; as JSON nobody could read it.
  json::object object{{"since", FormatTime(record.since)},
                      {"by", MendUtf8(record.by)},
                      {"why", MendUtf8(record.why)}};
  if (record.health) object["health"] = ToString(*record.health);
  if (!record.machine.empty()) object["machine"] = record.machine;
  if (record.until) object["until"] = FormatTime(*record.until);
  if (!record.value.empty()) object["value"] = MendUtf8(record.value);
  if (record.again) object["again"] = true;
  return json::serialize(object);
}

Result<Record> ParseRecord(std::string_view text) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(text), error);
  if (error) return Fail(ErrorCode::kInvalid, fmt::format("not JSON: {}", error.message()));
  const json::object* const object = value.if_object();
  if (!object) return Fail(ErrorCode::kInvalid, "not an object");
  Record record;
  std::optional<WallTime> since;
  Members members(*object);
  members.CheckVersion();
  members.Read("since", since);
  members.Read("by", record.by);
  members.Read("why", record.why);
  members.Read("health", record.health);
  members.Read("machine", record.machine);
  members.Read("until", record.until);
  members.Read("value", record.value);
  members.Read("again", record.again);
  if (!since) members.Note(Wrong("since", "is missing"));
  if (auto problem = std::move(members).problem()) return Fail(*std::move(problem));
  record.since = *since;
  return record;
}

}  // namespace rollcall::model
