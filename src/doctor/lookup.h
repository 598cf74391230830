// A lookup as Prometheus's dns_sd makes it (discovery/dns of its source).
//
// Threads: as Exchange().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doctor/exchange.h"
#include "doctor/resolv_conf.h"
#include "wire/decode.h"
#include "wire/types.h"

namespace rollcall::doctor {

// How a question is put.
struct Manner {
  Transport transport = Transport::kUdp;
  bool edns = true;
  bool dnssec_ok = false;
  bool checking_disabled = false;
};

// One server's answer to one name, after it was asked again by TCP if need be.
struct Asked {
  std::string server{};                   // its address
  std::string name{};                     // whole
  Transport transport = Transport::kUdp;  // of the answer, or of what failed
  std::size_t octets = 0;
  std::optional<wire::Response> response{};
  std::string error{};  // why there is none that can be used; "": there is
  bool silent = false;  // the error is that nothing came in time

  // Whether Prometheus goes by it: NOERROR or NXDOMAIN.
  [[nodiscard]] bool Usable() const;
  [[nodiscard]] bool Is(wire::Rcode rcode) const {
    return error.empty() && response && response->rcode == rcode;
  }
  [[nodiscard]] bool HasData() const {
    return Is(wire::Rcode::kNoError) && !response->answer.empty();
  }
  // "NXDOMAIN", "3 records", "no records", or the error.
  [[nodiscard]] std::string Outcome() const;
};

// With a retry by TCP, and TC there as an error.  `transport` becomes TCP on TC, and so stays for
// whom the caller asks next.
[[nodiscard]] Asked Ask(const Nameserver& server, const std::string& name, wire::Type type,
                        Transport& transport, Manner manner = {});

struct Lookup {
  enum class End {
    kAnswer,  // NOERROR: what is in it is the list, be it empty
    kNoName,  // all that was asked said NXDOMAIN: the list is empty
    kFailed,  // the list stays
  };
  End end = End::kFailed;
  std::vector<Asked> asked{};  // in order; the last one is the answer, if there is one
};

[[nodiscard]] Lookup LookUp(const ResolvConf& conf, const std::string& name, wire::Type type,
                            std::uint16_t dns_port);

// "HOST:PORT" of each record of an answer that makes a target, each once, sorted.  `port`: of
// what is not SRV.
[[nodiscard]] std::vector<std::string> TargetsOf(const wire::Response& response,
                                                 std::uint16_t port);

}  // namespace rollcall::doctor
