#include "registry/records.h"

#include <boost/json.hpp>
#include <ctime>

namespace rollcall::registry {

namespace json = boost::json;

std::string FormatTime(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[sizeof "2026-01-31T12:00:00Z"];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

std::string RecordJson(WallTime since, std::string_view by, std::string_view why) {
  return json::serialize(json::object{{"since", FormatTime(since)}, {"by", by}, {"why", why}});
}

std::string SerialJson(std::uint32_t offset, std::uint64_t cluster_id, WallTime since) {
  return json::serialize(json::object{{"offset", offset},
                                      {"cluster_id", std::to_string(cluster_id)},
                                      {"since", FormatTime(since)}});
}

}  // namespace rollcall::registry
