// All that is asked about one name of dns_sd.
//
// Threads: as Exchange().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/lookup.h"
#include "doctor/prometheus_config.h"

namespace rollcall::doctor {

struct DnsFacts {
  std::string name{};  // as configured
  std::string type{};
  ResolvConf conf{};

  Lookup lookup{};            // what Prometheus does
  std::vector<Asked> each{};  // every nameserver by itself, about the name that was found, or the
                              // name as it is
  std::vector<std::vector<std::string>> targets{};  // that each would give
  std::vector<std::string> found{};                 // that Prometheus would have

  // Of the first nameserver, only where the lookup did not end with targets:
  std::optional<Asked> proven{};     // with DO
  std::optional<Asked> unchecked{};  // with CD
  std::optional<Asked> shard{};      // a small part of the name, by rollcall's selector

  // Of some of the targets of SRV: that have no address.
  std::size_t resolved = 0;  // how many were looked up
  std::vector<std::string> without_address{};
};

// Requires: `type` is one of SRV, A, AAAA, MX, NS.
[[nodiscard]] DnsFacts GatherDns(const ResolvConf& conf, const DnsSd& sd, const std::string& name,
                                 std::uint16_t dns_port);

// Nothing: dns_sd has no such type.
[[nodiscard]] std::optional<wire::Type> DnsSdType(std::string_view type);

}  // namespace rollcall::doctor
