#include "doctor/examine.h"

#include <fmt/format.h>

#include <map>

#include "base/quote.h"
#include "base/whole_file.h"
#include "doctor/consul_sd.h"
#include "doctor/dns_traps.h"
#include "doctor/http_sd.h"

namespace rollcall::doctor {
namespace {

using enum Severity;

// One name of one configuration; what it has in common with another job is asked once.
class DnsNames {
 public:
  DnsNames(const ResolvConf& conf, std::uint16_t dns_port) : conf_(conf), dns_port_(dns_port) {}

  void Look(const DnsSd& sd, const std::string& name, Check& check) {
    if (!DnsSdType(sd.type)) {
      check.Add(kFailed, "type", fmt::format("dns_sd has no type {}.", Quote(sd.type)),
                "It has SRV, A, AAAA, MX and NS; Prometheus does not load this file.");
      return;
    }
    if (sd.type != "SRV" && (sd.port < 1 || sd.port > 65535)) {
      check.Add(kFailed, "no_port",
                fmt::format("Records of type {} have no port, and the job gives "
                            "none.",
                            sd.type),
                "Add `port:` beside `type:`, or use SRV; Prometheus does not load this file.");
      return;
    }
    const auto [it, fresh] = known_.try_emplace({name, sd.type, sd.port});
    if (fresh) it->second = GatherDns(conf_, sd, name, dns_port_);
    JudgeDns(it->second, check);
  }

 private:
  const ResolvConf& conf_;
  const std::uint16_t dns_port_;
  std::map<std::tuple<std::string, std::string, std::int64_t>, DnsFacts> known_;
};

void LookAtDns(const PrometheusConfig& config, const Places& places, std::vector<Check>& checks) {
  if (config.dns.empty()) return;
  ResolvConf conf;
  Check& file = checks.emplace_back(Check{.subject = places.resolv_conf});
  if (const auto text = ReadWholeFile(places.resolv_conf, 1 << 20); text) {
    conf = ParseResolvConf(*text);
    JudgeResolvConf(conf, file);
  } else {
    file.Add(kFailed, "no_nameserver", text.error().message, "Every lookup of Prometheus fails.");
  }
  DnsNames names(conf, places.dns_port);
  for (const DnsSd& sd : config.dns) {
    if (sd.names.empty()) {
      checks.push_back({.job = sd.job, .mechanism = "dns_sd", .subject = "no names"});
      checks.back().Add(kFailed, "no_name", "A dns_sd_configs without names.",
                        "Prometheus does not load this file.");
    }
    for (const std::string& name : sd.names) {
      Check& check = checks.emplace_back(Check{
          .job = sd.job, .mechanism = "dns_sd", .subject = fmt::format("{} {}", name, sd.type)});
      names.Look(sd, name, check);
    }
  }
}

}  // namespace

std::vector<Check> Examine(const Places& places) {
  std::vector<Check> checks;
  const auto config = ReadPrometheusConfig(places.prometheus_config);
  Check& file = checks.emplace_back(Check{.subject = places.prometheus_config});
  if (!config) {
    file.Add(kFailed, "config", config.error().message,
             "`promtool check config` tells more of what is wrong with it.");
    return checks;
  }
  if (config->dns.empty() && config->http.empty() && config->consul.empty()) {
    file.Add(kWarning, "no_discovery",
             "No job of it has dns_sd_configs, http_sd_configs or "
             "consul_sd_configs.",
             "Add one of them: doc/prometheus.md has examples.");
    return checks;
  }
  file.Add(kSuccess, "",
           fmt::format("{} file{} read: {} by dns_sd, {} by http_sd, {} by consul_sd",
                       config->files.size(), config->files.size() == 1 ? "" : "s",
                       config->dns.size(), config->http.size(), config->consul.size()),
           "");
  LookAtDns(*config, places, checks);
  for (const HttpSd& sd : config->http) {
    Check& check =
        checks.emplace_back(Check{.job = sd.job, .mechanism = "http_sd", .subject = sd.url});
    CheckHttpSd(sd, places.patience, check);
  }
  for (const ConsulSd& sd : config->consul) {
    Check& check =
        checks.emplace_back(Check{.job = sd.job, .mechanism = "consul_sd", .subject = sd.server});
    CheckConsulSd(sd, places.patience, check);
  }
  return checks;
}

}  // namespace rollcall::doctor
