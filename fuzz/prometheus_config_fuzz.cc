// A configuration of Prometheus's: what it says of discovery, or the line where it is wrong.

#include <string>

#include "doctor/prometheus_config.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  rollcall::doctor::PrometheusConfig config;
  const auto more = rollcall::doctor::ReadPrometheusText(text, "p.yml", "/etc", config);
  if (!more) REQUIRE(more.error().message.find("p.yml") != std::string::npos);
  for (const auto& sd : config.http) REQUIRE(sd.refresh.count() > 0);
  for (const auto& file : more.value_or(std::vector<std::string>())) {
    REQUIRE(file.starts_with("/"));
  }
  return 0;
}
