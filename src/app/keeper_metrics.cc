#include "app/keeper_metrics.h"

#include <string>

#include "model/state.h"

namespace rollcall::app {

namespace {

void CollectServices(const keeper::Census::Services& services, Metrics& metrics) {
  for (const auto& [name, service] : services) {
    for (std::size_t i = 0; i < service.states.size(); ++i) {
      metrics.Gauge("targets", "Registrations by service and state; beyond 1,000 services: other.",
                    static_cast<double>(service.states[i]),
                    {{"service", name},
                     {"state", std::string(model::ToString(static_cast<model::State>(i)))}});
    }
  }
  for (const auto& [name, service] : services) {
    metrics.Gauge("protection_active",
                  "Whether mass-loss protection holds removals of the service.",
                  service.held > 0 ? 1 : 0, {{"service", name}});
  }
}

}  // namespace

void CollectKeeper(const keeper::State& state, const keeper::Counters& counters, Metrics& metrics) {
  for (std::size_t i = 0; i < state.census.size(); ++i) {
    metrics.Gauge("instances", "Registrations by their state.",
                  static_cast<double>(state.census[i]),
                  {{"state", std::string(model::ToString(static_cast<model::State>(i)))}});
  }
  CollectServices(*state.services, metrics);
  const auto gauge = [&](const char* name, const char* help, std::size_t value) {
    metrics.Gauge(name, help, static_cast<double>(value));
  };
  const keeper::Tally& tally = state.tally;
  gauge("lost", "Instances whose owner shows no sign of life.", tally.lost);
  gauge("held", "Removals that mass-loss protection holds: answered, and not in the store.",
        tally.held);
  gauge("held_unwritten", "Of those: by this server's own word, not yet written into the store.",
        tally.held_here);
  gauge("stopping", "Instances that were stopped, and are deregistered unless they come back.",
        tally.stopping);
  gauge("maintenance", "Names and hosts that are in maintenance.", tally.maintenance);
  gauge("retain_due", "Lost instances that will be deregistered, as their owner allowed (retain).",
        tally.retained);
  metrics.Gauge("retain_next_timestamp_seconds",
                "When the first of those may be deregistered; 0: there is none.",
                tally.next_retired
                    ? std::chrono::duration<double>(tally.next_retired->time_since_epoch()).count()
                    : 0);
  gauge("retain_waiting", "Of those: due, but more in a while than protection allows.",
        state.waiting);
  for (std::size_t i = 0; i < counters.done.size(); ++i) {
    metrics.Counter("keeper_writes_total", "What this server wrote into the store by itself.",
                    static_cast<double>(counters.done[i]),
                    {{"what", std::string(keeper::ToString(static_cast<keeper::Verb>(i)))}});
  }
  metrics.Counter("keeper_failures_total", "Of what it had to write: tries that failed.",
                  static_cast<double>(counters.failed));
}

}  // namespace rollcall::app
