// What was looked at, and what was found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall::doctor {

enum class Severity { kSuccess, kWarning, kFailed };

// One sentence of what is, one of what to do about it.
struct Finding {
  Severity severity = Severity::kSuccess;
  std::string_view trap{};  // a word for programs: "foreign_nameserver"; "" of a success
  std::string message{};
  std::string advice{};
};

struct Check {
  std::string job{};                   // "" of what belongs to none
  std::string mechanism{};             // "dns_sd", "http_sd", "consul_sd"; "" of a file
  std::string subject{};               // "node.prom.internal SRV", a URL, a path
  bool counts = false;                 // whether `targets` is what Prometheus would have
  std::vector<std::string> targets{};  // "HOST:PORT", each once, in order
  std::vector<Finding> findings{};

  void Add(Severity severity, std::string_view trap, std::string message, std::string advice) {
    findings.push_back({severity, trap, std::move(message), std::move(advice)});
  }
};

}  // namespace rollcall::doctor
