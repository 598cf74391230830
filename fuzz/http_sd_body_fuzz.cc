// The body of an answer to http_sd: targets, each once, or why it does not count.

#include <algorithm>
#include <string>

#include "doctor/consul_sd.h"
#include "doctor/http_sd.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rollcall::doctor::Severity;
  rollcall::http_client::Response response{.status = 200};
  response.headers = {{"Content-Type", "application/json"}};
  response.body.assign(reinterpret_cast<const char*>(data), size);
  rollcall::doctor::Check check;
  rollcall::doctor::JudgeHttpSd({.job = "a"}, response, check);
  REQUIRE(!check.findings.empty());
  const bool failed = std::ranges::any_of(
      check.findings, [](const auto& one) { return one.severity == Severity::kFailed; });
  REQUIRE(check.counts != failed);
  REQUIRE(check.counts || check.targets.empty());
  REQUIRE(std::ranges::adjacent_find(check.targets, std::greater_equal<>()) == check.targets.end());
  std::vector<std::string> targets;
  (void)rollcall::doctor::ReadConsulHealth(response.body, targets);
  return 0;
}
