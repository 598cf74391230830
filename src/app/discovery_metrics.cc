#include "app/discovery_metrics.h"

namespace rollcall::app {

void CollectDiscovery(const serving::sd::Counters& counters, Metrics& metrics) {
  const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
    metrics.Counter(name, help, static_cast<double>(value));
  };
  counter("sd_answers_made_total", "Answers of http_sd and consul_sd that were put together.",
          counters.made);
  counter("sd_answers_kept_total", "Of them, those sent again since nothing had changed.",
          counters.kept);
  counter("sd_answers_spared_total",
          "Times that none was made, since too much was being sent already.", counters.spared);
  counter("sd_targets_left_out_total",
          "Targets that Prometheus could not take, each time that an answer was made without them.",
          counters.left_out);
  metrics.Gauge("sd_blocking_queries", "Clients of consul_sd that wait for a change.",
                static_cast<double>(counters.waiting));
}

}  // namespace rollcall::app
