// The Service's part that is scraped.
#include <array>
#include <chrono>

#include "app/consumer_metrics.h"
#include "app/discovery_metrics.h"
#include "app/keeper_metrics.h"
#include "app/last_known.h"
#include "app/process_metrics.h"
#include "app/service.h"
#include "app/web_metrics.h"

namespace rollcall::app {

using catalog::Standing;
using serving::api::WriteResult;

namespace {

// As CoreDNS labels them, so that dashboards go on working.
std::string RcodeName(std::size_t rcode) {
  static constexpr std::array<std::string_view, 6> kNames = {"NOERROR",  "FORMERR", "SERVFAIL",
                                                             "NXDOMAIN", "NOTIMP",  "REFUSED"};
  return rcode < kNames.size() ? std::string(kNames[rcode]) : std::to_string(rcode);
}

std::string TypeName(std::size_t index) {
  using serving::dns::kCountedTypes;
  return index < kCountedTypes.size() ? wire::ToText(kCountedTypes[index]) : "other";
}

double SecondsOf(std::chrono::duration<double> time) {
  return time.count();
}

}  // namespace

Service::Answer Service::Scrape() {
  Metrics metrics;
  Metrics::Labels version{{"version", ROLLCALL_VERSION}};
  if constexpr (!std::string_view(ROLLCALL_REVISION).empty()) {
    version.emplace_back("revision", ROLLCALL_REVISION);
  }
  metrics.Gauge("build_info", "Always 1; which rollcall this is.", 1, version);
  CollectView(metrics);
  CollectFeed(metrics);
  CollectChanges(metrics);
  CollectKeeper(keeper_.state(), keeper_.counters(), metrics);
  CollectLastKnown(last_known_.last_known.get(), metrics);
  answer_sizes_.Collect(metrics);
  CollectDns(metrics);
  CollectDiscovery(discovery_.counters(), metrics);
  CollectConsumers(book_, *scraper_.Lock(), metrics);
  CollectWeb(web_.counters(), *policy_, metrics);
  store_->Collect(metrics);
  CollectProcess(metrics);
  return {200, metrics.Text(), "text/plain; version=0.0.4; charset=utf-8"};
}

void Service::CollectView(Metrics& metrics) {
  {
    auto scraper = scraper_.Lock();
    const auto view = scraper->Enter();
    metrics.Gauge("store_revision", "Revision of the store that answers are of.",
                  static_cast<double>(view->revision));
    metrics.Gauge("registrations", "Registrations that are answered from.",
                  static_cast<double>(view->tree.size()));
  }
  metrics.Gauge("store_synced", "Whether the view is known to be that of the store.",
                feed_.standing() == Standing::kSynced ? 1 : 0);
  metrics.Gauge("stale_seconds", "For how long it has not been known to be; 0: it is.",
                SecondsOf(StaleFor()));
  const SteadyTime now = SystemClock().Now();
  if (const auto sure_at = feed_.sure_at()) {
    metrics.Gauge("snapshot_age_seconds",
                  "How long ago what is answered was last known to be what the store has.",
                  SecondsOf(now - *sure_at));
  }
  if (const SteadyTime last = feed_.last_contact(); last != SteadyTime()) {
    const auto wall = SystemClock().WallNow() - (now - last);
    metrics.Gauge("store_last_contact_timestamp_seconds",
                  "When the store last proved that it was there.",
                  SecondsOf(wall.time_since_epoch()));
  }
}

void Service::CollectFeed(Metrics& metrics) const {
  const auto feed = feed_.counters();
  for (std::size_t i = 0; i < std::size(feed.invalid); ++i) {
    metrics.Gauge("invalid_records", "Values that cannot be read, by what is wrong with them.",
                  static_cast<double>(feed.invalid[i]),
                  {{"reason", std::string(model::ToString(static_cast<model::Flaw>(i)))}});
  }
  const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
    metrics.Counter(name, help, static_cast<double>(value));
  };
  counter("store_events_total", "Changes of the store applied to the view.", feed.events);
  counter("store_lists_total", "Times that all of the store was read.", feed.lists);
  counter("store_epochs_total", "Times that the store was another one than before.", feed.epochs);
  counter("store_contacts_total", "Times that the store was seen to be there.", feed.contacts);
  metrics.Histogram(
      "propagation_seconds",
      "Of changes: from the moment that the store told of one until all answers have it.",
      feed.propagation);
}

void Service::CollectChanges(Metrics& metrics) const {
  const auto changes = history_.counts();
  for (std::size_t i = 0; i < changes.size(); ++i) {
    metrics.Counter("changes_total", "Changes of registrations and of what is known about them.",
                    static_cast<double>(changes[i]),
                    {{"event", std::string(ToString(static_cast<catalog::HistoryEvent>(i)))}});
  }
  const auto writes = api_->counters();
  const auto results = [&](const char* name, const char* help, const auto& counts) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      metrics.Counter(name, help, static_cast<double>(counts[i]),
                      {{"result", std::string(ToString(static_cast<WriteResult>(i)))}});
    }
  };
  results("registrations_total", "Registrations by the API, by what became of them.",
          writes.registrations);
  results("deregistrations_total", "Deregistrations by the API, by what became of them.",
          writes.deregistrations);
}

void Service::CollectDns(Metrics& metrics) const {
  const auto dns = dns_.counters();
  const auto counter = [&](const char* name, const char* help, std::uint64_t value,
                           const Metrics::Labels& labels = {}) {
    metrics.Counter(name, help, static_cast<double>(value), labels);
  };
  const auto requests = [&](const char* proto, const auto& types) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      counter("dns_requests_total", "DNS requests, by the type that is asked for.", types[i],
              {{"proto", proto}, {"type", TypeName(i)}});
    }
  };
  requests("udp", dns.udp_types);
  requests("tcp", dns.tcp_types);
  for (std::size_t rcode = 0; rcode < dns.rcodes.size(); ++rcode) {
    // The common ones always, so that a rate of them is there from the first on.
    const bool common = rcode == 0 || rcode == 2 || rcode == 3 || rcode == 5;
    if (!common && dns.rcodes[rcode] == 0) continue;
    counter("dns_responses_total", "DNS replies, by rcode.", dns.rcodes[rcode],
            {{"rcode", RcodeName(rcode)}});
  }
  counter("dns_connections_total", "TCP connections accepted.", dns.tcp_connections);
  counter("dns_dropped_total", "DNS requests without a reply.", dns.dropped);
  counter("dns_truncated_total", "DNS replies with TC.", dns.truncated);
  counter("dns_forwarded_total", "Requests handed to the upstreams.", dns.forwarded);
  counter("dns_forward_failures_total", "Of those: without a reply from them.", dns.forward_failed);
}

}  // namespace rollcall::app
