#include "app/http_consumers.h"

#include <charconv>

namespace rollcall::app {
namespace {

constexpr std::int64_t kMostSeconds = 86'400;

// By which Prometheus says how often it will ask.
std::optional<std::chrono::milliseconds> IntervalOf(const serving::http::Request& request) {
  const std::string* const text = request.Header("x-prometheus-refresh-interval-seconds");
  if (text == nullptr) return std::nullopt;
  double told = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, told);
  if (error != std::errc() || stop != end || !(told > 0) || told > kMostSeconds) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(told * 1000));
}

}  // namespace

serving::seen::Ask AskOf(const serving::http::Request& request, const std::string& name,
                         store::Revision revision) {
  serving::seen::Ask ask;
  ask.client = request.peer.address;
  ask.mechanism = request.path.starts_with("/sd/") ? serving::seen::Mechanism::kHttpSd
                                                   : serving::seen::Mechanism::kConsulSd;
  ask.name = name;
  if (const std::string* const agent = request.Header("user-agent")) ask.user_agent = *agent;
  ask.transport = request.peer.encrypted ? "https" : "http";
  ask.revision = revision;
  ask.interval = IntervalOf(request);
  return ask;
}

}  // namespace rollcall::app
