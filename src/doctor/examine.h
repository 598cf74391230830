// All of a Prometheus's discovery, looked at as it would itself.
//
// Threads: blocks; each lookup for 2 s a nameserver, each request for `patience`.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "doctor/check.h"

namespace rollcall::doctor {

struct Places {
  std::string prometheus_config = "/etc/prometheus/prometheus.yml";
  std::string resolv_conf = "/etc/resolv.conf";
  std::uint16_t dns_port = 53;  // another one in tests only: Prometheus knows no other
  std::chrono::milliseconds patience = std::chrono::seconds(10);  // for a request by HTTP
};

// One check for each file, name, URL and server; a file that cannot be read is a check that
// failed.
[[nodiscard]] std::vector<Check> Examine(const Places& places);

}  // namespace rollcall::doctor
