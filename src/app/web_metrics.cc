#include "app/web_metrics.h"

#include <chrono>
#include <string>

namespace rollcall::app {

void CollectWeb(const serving::http::Counters& counters, const WebPolicy& policy,
                Metrics& metrics) {
  for (const auto& [status, count] : counters.answers) {
    metrics.Counter("http_responses_total", "HTTP answers, by status.", static_cast<double>(count),
                    {{"code", std::to_string(status)}});
  }
  metrics.Gauge("http_connections", "HTTP connections that are open.",
                static_cast<double>(counters.connections));
  const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
    metrics.Counter(name, help, static_cast<double>(value));
  };
  counter("http_accepted_connections_total", "HTTP connections accepted.", counters.accepted);
  counter("http_refused_connections_total", "HTTP connections beyond the bound.",
          counters.turned_away);
  counter("http_slow_clients_total", "HTTP clients cut off because they read too slowly.",
          counters.cut_off);
  counter("http_failed_logins_total", "Logins that were not known.", counters.failed_logins);
  counter("http_rate_limited_total", "HTTP requests refused because they came too often.",
          counters.limited);
  metrics.Gauge("web_config_last_reload_successful",
                "Whether the files that protect the HTTP side count as they are now.",
                policy.last_reload_good() ? 1 : 0);
  metrics.Gauge("web_config_last_reload_success_timestamp_seconds", "When they were last read.",
                std::chrono::duration<double>(policy.last_good_at().time_since_epoch()).count());
  counter("web_config_reload_failures_total", "Times that they were broken, or would open up.",
          policy.failed_reloads());
}

}  // namespace rollcall::app
