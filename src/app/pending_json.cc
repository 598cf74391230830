// PendingOrder <-> JSON.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>

#include "app/pending.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kLatest = 9'000'000'000'000'000;  // the year 2255: what WallTime can hold

std::string_view ToString(Verb verb) {
  switch (verb) {
    case Verb::kRegister:
      return "register";
    case Verb::kDeregister:
      return "deregister";
    case Verb::kStop:
      return "stop";
  }
  return "unknown";
}

std::optional<Verb> ParseVerb(std::string_view text) {
  for (const Verb verb : {Verb::kRegister, Verb::kDeregister, Verb::kStop}) {
    if (text == ToString(verb)) return verb;
  }
  return std::nullopt;
}

std::int64_t Microseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

// The member as text; "" if it is not there or none.
std::string Text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::int64_t Number(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  return number == nullptr ? 0 : *number;
}

tl::unexpected<Error> Bad(std::string_view why) {
  return Fail(ErrorCode::kInvalid, fmt::format("not a pending order: {}", why));
}

}  // namespace

std::string ToJson(const PendingOrder& order) {
  json::object object{
      {"version", kVersion},
      {"verb", ToString(order.verb)},
      {"since_us", Microseconds(order.since)},
      {"store", order.store},
      {"prefix", order.layout.prefix},
      {"zone", order.layout.zone},
      {"base_path", order.layout.base_path},
      {"service", order.order.service},
      {"instance", order.order.instance},
      {"host", order.order.host},
      {"value", model::ToJson(order.order.value)},
      {"by", order.reason.by},
      {"why", order.reason.why},
  };
  if (order.verb == Verb::kStop) object["until_us"] = Microseconds(order.until);
  return json::serialize(object);
}

Result<PendingOrder> ParsePendingOrder(const std::string& text) {
  json::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return Bad("no JSON object");
  const json::object& object = value.get_object();
  if (const std::int64_t version = Number(object, "version"); version != kVersion) {
    return Bad(fmt::format("version {}, this rollcall reads {}", version, kVersion));
  }
  const auto verb = ParseVerb(Text(object, "verb"));
  if (!verb) return Bad("no such verb");

  const std::int64_t since = Number(object, "since_us");
  const std::int64_t until = Number(object, "until_us");
  for (const std::int64_t time : {since, until}) {
    if (time < 0 || time > kLatest) return Bad("its time is out of range");
  }

  PendingOrder order;
  order.verb = *verb;
  order.since = WallTime(std::chrono::microseconds(since));
  if (order.verb == Verb::kStop) order.until = WallTime(std::chrono::microseconds(until));
  order.store = Text(object, "store");
  order.layout = {Text(object, "prefix"), Text(object, "zone"), Text(object, "base_path")};
  order.order.service = Text(object, "service");
  order.order.instance = Text(object, "instance");
  order.order.host = Text(object, "host");
  order.reason = {Text(object, "by"), Text(object, "why")};
  auto service = model::ParseService(Text(object, "value"));
  if (!service) return Bad(service.error().message);
  order.order.value = std::move(*service);
  if (order.order.service.empty()) return Bad("no service");
  if (order.order.instance.empty() && order.order.host.empty()) return Bad("no instance");
  return order;
}

}  // namespace rollcall::app
