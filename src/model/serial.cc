#include "model/serial.h"

#include <boost/json.hpp>
#include <limits>

#include "model/time.h"

namespace rollcall::model {

std::optional<std::uint32_t> ParseSerialOffset(std::string_view text) {
  boost::json::error_code error;
  const auto value = boost::json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto* offset = value.get_object().if_contains("offset");
  if (!offset) return std::nullopt;
  const auto number = offset->to_number<std::int64_t>(error);
  if (error || number < 0 || number > std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(number);
}

std::string SerialJson(std::uint32_t offset, std::uint64_t cluster_id, WallTime since) {
  return boost::json::serialize(boost::json::object{{"offset", offset},
                                                    {"cluster_id", std::to_string(cluster_id)},
                                                    {"since", FormatTime(since)}});
}

}  // namespace rollcall::model
