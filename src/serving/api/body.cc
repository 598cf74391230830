#include "serving/api/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <vector>

#include "base/quote.h"
#include "model/duration.h"
#include "model/time.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostDepth = 4;
constexpr std::size_t kMostShown = 64;
constexpr std::int64_t kMostU16 = 65'535;
constexpr std::int64_t kMostTtl = 2'147'483'647;

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalid, std::move(message));
}

std::string Shown(std::string_view text) {
  return Quote(text.substr(0, kMostShown));
}

Result<json::object> ParseObject(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kMostDepth;
  const json::value value =
      json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return Bad(fmt::format("the body is not JSON: {}", error.message()));
  if (!value.is_object()) return Bad("the body is not a JSON object");
  return value.get_object();
}

// The members of one object: each is read once, and what is left is none of ours.
class Members {
 public:
  explicit Members(json::object object) : object_(std::move(object)) {}

  Result<void> Read(std::string_view name, std::string& text) {
    return Take(name, [&](const json::value& value) { return ReadText(name, value, text); });
  }

  template <typename Number>
  Result<void> Read(std::string_view name, Number& number, std::int64_t most) {
    return Take(name, [&](const json::value& value) -> Result<void> {
      const bool small = value.is_int64() && value.get_int64() >= 0 && value.get_int64() <= most;
      if (!small) return Bad(fmt::format("{} is not an integer from 0 to {}", name, most));
      number = static_cast<Number>(value.get_int64());
      return {};
    });
  }

  Result<void> Read(std::string_view name, std::map<std::string, std::string>& texts) {
    return Take(name, [&](const json::value& value) -> Result<void> {
      if (!value.is_object()) return Bad(fmt::format("{} is not an object", name));
      for (const auto& [key, one] : value.get_object()) {
        const std::string inner(std::string_view(key.data(), key.size()));
        if (auto ok = ReadText(fmt::format("{}.{}", name, Shown(inner)), one, texts[inner]); !ok) {
          return ok;
        }
      }
      return {};
    });
  }

  Result<void> Read(std::string_view name, std::vector<std::string>& texts) {
    return Take(name, [&](const json::value& value) -> Result<void> {
      if (!value.is_array()) return Bad(fmt::format("{} is not an array", name));
      for (const json::value& one : value.get_array()) {
        if (auto ok = ReadText(name, one, texts.emplace_back()); !ok) return ok;
      }
      return {};
    });
  }

  [[nodiscard]] bool Has(std::string_view name) const {
    return object_.contains(json::string_view(name.data(), name.size()));
  }

  Result<void> End() const {
    if (object_.empty()) return {};
    const auto key = object_.begin()->key();
    return Bad(fmt::format("there is no member {} here", Shown({key.data(), key.size()})));
  }

 private:
  static Result<void> ReadText(std::string_view name, const json::value& value, std::string& text) {
    if (!value.is_string()) return Bad(fmt::format("{} is not a string", name));
    text = std::string_view(value.get_string().data(), value.get_string().size());
    return {};
  }

  template <typename Reader>
  Result<void> Take(std::string_view name, Reader read) {
    const auto found = object_.find(json::string_view(name.data(), name.size()));
    if (found == object_.end()) return {};
    const json::value value = std::move(found->value());
    object_.erase(found);
    return read(value);
  }

  json::object object_;
};

// The first that failed.
Result<void> First(std::initializer_list<Result<void>> results) {
  for (const auto& result : results) {
    if (!result) return result;
  }
  return {};
}

Result<std::optional<WallTime>> ReadUntil(const std::string& text, WallTime now) {
  if (text.empty()) return std::nullopt;
  if (const auto time = model::ParseTime(text)) return *time;
  const auto duration = model::ParseDuration(text);
  constexpr std::chrono::hours kMost{24 * 365 * 100};  // beyond it no clock can tell the day
  if (duration && duration->count() > 0 && *duration < kMost) return now + *duration;
  return Bad(
      fmt::format("until is {}, which is neither a time such as 2026-01-31T12:00:00Z nor a "
                  "duration such as 2h",
                  Shown(text)));
}

}  // namespace

Result<void> CheckWhy(std::string_view what, std::string_view text) {
  if (text.size() > kMostWhy) {
    return Bad(fmt::format("{} has {} octets; {} may have", what, text.size(), kMostWhy));
  }
  const bool odd = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  });
  return odd ? Bad(fmt::format("{} has control characters", what)) : Result<void>();
}

Result<RegistrationBody> ReadRegistrationBody(std::string_view json) {
  auto object = ParseObject(json);
  if (!object) return Fail(std::move(object.error()));
  Members members(*std::move(object));
  RegistrationBody body;
  model::Service& value = body.value;
  model::Extension& extension = value.extension;
  auto ok = First(
      {members.Read("address", value.host), members.Read("port", value.port, kMostU16),
       members.Read("labels", extension.labels), members.Read("tags", extension.tags),
       members.Read("ttl", value.ttl, kMostTtl), members.Read("text", value.text),
       members.Read("weight", value.weight, kMostU16),
       members.Read("priority", value.priority, kMostU16), members.Read("scheme", extension.scheme),
       members.Read("metrics_path", extension.metrics_path),
       members.Read("params", extension.params), members.Read("interval", extension.interval),
       members.Read("why", body.why), members.End()});
  if (ok) ok = CheckWhy("why", body.why);
  if (!ok) return Fail(std::move(ok.error()));
  return body;
}

Result<MaintenanceBody> ReadMaintenanceBody(std::string_view json, WallTime now) {
  auto object = ParseObject(json);
  if (!object) return Fail(std::move(object.error()));
  Members members(*std::move(object));
  MaintenanceBody body;
  std::string until;
  auto ok =
      First({members.Read("until", until), members.Read("reason", body.reason), members.End()});
  if (ok) ok = CheckWhy("reason", body.reason);
  if (!ok) return Fail(std::move(ok.error()));
  auto time = ReadUntil(until, now);
  if (!time) return Fail(std::move(time.error()));
  body.until = *time;
  return body;
}

Result<ReleaseBody> ReadReleaseBody(std::string_view json) {
  auto object = ParseObject(json);
  if (!object) return Fail(std::move(object.error()));
  Members members(*std::move(object));
  if (!members.Has("name")) return Bad("name is missing: of what is held at or below which name?");
  ReleaseBody body;
  auto ok = First({members.Read("name", body.name), members.Read("why", body.why), members.End()});
  if (ok) ok = CheckWhy("why", body.why);
  if (!ok) return Fail(std::move(ok.error()));
  return body;
}

}  // namespace rollcall::serving::api
