#include "http_client/event_stream.h"

#include <fmt/format.h>

#include <utility>

namespace rollcall::http_client {

Result<std::vector<ServerEvent>> EventStream::Read(std::string_view octets) {
  std::vector<ServerEvent> events;
  while (!octets.empty()) {
    if (std::exchange(after_return_, false) && octets[0] == '\n') {
      octets.remove_prefix(1);
      continue;
    }
    const std::size_t end = octets.find_first_of("\r\n");
    line_ += octets.substr(0, end);
    if (line_.size() + data_.size() > most_) {
      return Fail(ErrorCode::kExhausted, fmt::format("an event is larger than {} octets", most_));
    }
    if (end == std::string_view::npos) break;
    after_return_ = octets[end] == '\r';
    octets.remove_prefix(end + 1);
    EndLine(events);
  }
  return events;
}

void EventStream::EndLine(std::vector<ServerEvent>& events) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  const std::string whole = std::exchange(line_, {});
  std::string_view line = whole;
  if (std::exchange(first_, false) && line.starts_with(kMark)) line.remove_prefix(kMark.size());
  if (line.empty()) return EndEvent(events);
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") type_ = value;
  if (field == "data") (data_ += value) += '\n';
  if (field == "id" && value.find('\0') == value.npos) id_ = value;
}

void EventStream::EndEvent(std::vector<ServerEvent>& events) {
  last_id_ = id_;
  std::string type = std::exchange(type_, {});
  std::string data = std::exchange(data_, {});
  if (data.empty()) return;
  data.pop_back();
  if (type.empty()) type = "message";
  events.push_back({std::move(type), std::move(data), last_id_});
}

}  // namespace rollcall::http_client
