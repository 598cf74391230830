// rollcall doctor

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/command.h"
#include "app/output.h"
#include "base/utf8.h"
#include "doctor/examine.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;
using doctor::Check;
using doctor::Finding;
using doctor::Severity;

constexpr int kWarned = 3;  // with --lint-fatal

std::string_view WordOf(Severity severity) {
  switch (severity) {
    case Severity::kSuccess:
      return "success";
    case Severity::kWarning:
      return "warning";
    case Severity::kFailed:
      return "failed";
  }
  return "failed";
}

std::string TitleOf(const Check& check) {
  if (check.mechanism.empty()) return check.subject;
  return fmt::format("job {}: {} {}", check.job, check.mechanism, check.subject);
}

// One line: what is told of may hold anything.
std::string OneLine(std::string text) {
  if (!text.empty()) Clean(text);
  return text;
}

void Print(const Check& check) {
  fmt::print("Checking {}\n", OneLine(TitleOf(check)));
  for (const Finding& finding : check.findings) {
    std::string word(WordOf(finding.severity));
    std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c - 32); });
    fmt::print("  {}: {}\n", word, OneLine(finding.message));
    if (!finding.advice.empty()) fmt::print("    {}\n", OneLine(finding.advice));
  }
}

json::object ObjectOf(const Check& check) {
  json::object object{{"subject", check.subject}};
  if (!check.mechanism.empty()) {
    object["job"] = check.job;
    object["mechanism"] = check.mechanism;
  }
  if (check.counts) object["targets"] = json::array(check.targets.begin(), check.targets.end());
  json::array& findings = object["findings"].emplace_array();
  for (const Finding& finding : check.findings) {
    json::object& one = findings.emplace_back(json::object()).get_object();
    one["severity"] = WordOf(finding.severity);
    if (!finding.trap.empty()) one["trap"] = finding.trap;
    one["message"] = finding.message;
    if (!finding.advice.empty()) one["advice"] = finding.advice;
  }
  return object;
}

void PrintJson(const std::vector<Check>& checks, std::size_t failures, std::size_t warnings) {
  json::array all;
  for (const Check& check : checks) all.emplace_back(ObjectOf(check));
  const json::object whole{
      {"failures", failures}, {"warnings", warnings}, {"checks", std::move(all)}};
  fmt::print("{}\n", std::string_view(json::serialize(whole)));
}

std::size_t Count(const std::vector<Check>& checks, Severity severity) {
  std::size_t count = 0;
  for (const Check& check : checks) {
    count += static_cast<std::size_t>(std::ranges::count_if(
        check.findings, [&](const Finding& finding) { return finding.severity == severity; }));
  }
  return count;
}

int RunDoctor(const Invocation& invocation) {
  const Settings& settings = invocation.settings;
  const auto output = ReadOutput(settings);
  if (!output) return Report(output.error());
  const auto port = settings.Number("dns.port", 1, 65535);
  if (!port) return Report(port.error());
  const auto checks = doctor::Examine({.prometheus_config = settings.Text("prometheus.config"),
                                       .resolv_conf = settings.Text("resolv.conf"),
                                       .dns_port = static_cast<std::uint16_t>(*port)});
  const std::size_t failures = Count(checks, Severity::kFailed);
  const std::size_t warnings = Count(checks, Severity::kWarning);
  if (*output == Output::kJson) {
    PrintJson(checks, failures, warnings);
  } else {
    for (const Check& check : checks) Print(check);
  }
  if (failures > 0) return kFailed;
  return warnings > 0 && settings.Switch("lint-fatal") ? kWarned : kDone;
}

}  // namespace

Command DoctorCommand() {
  const std::vector<Setting> own = {
      {"prometheus.config", "FILE", "/etc/prometheus/prometheus.yml",
       "What Prometheus is configured with."},
      {"resolv.conf", "FILE", "/etc/resolv.conf", "Which nameservers it asks."},
      {"dns.port", "PORT", "53", ""},  // hidden: Prometheus knows no other
      {"lint-fatal", "", "", "Exit status 3 if there are warnings, and no failures."},
  };
  return {
      "doctor",
      "",
      0,
      0,
      "Asks what Prometheus asks, and names what keeps targets from it.",
      "Run it where Prometheus runs.  Each name of dns_sd_configs, each URL of http_sd_configs\n"
      "and each server of consul_sd_configs is asked as Prometheus does it, and every\n"
      "nameserver by itself besides.  It changes nothing.  Exit status 1: something keeps\n"
      "targets away now.\n\n"
      "Example:\n"
      "  rollcall doctor --prometheus.config=/etc/prometheus/prometheus.yml",
      Join({own, {OutputSetting()}, LogSettings()}),
      &RunDoctor,
      ""};
}

}  // namespace rollcall::app
