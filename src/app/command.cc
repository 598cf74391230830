#include "app/command.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/log.h"

namespace rollcall::app {

int Report(const Error& error) {
  fmt::print(stderr, "rollcall: {}\n", error.message);
  return error.code == ErrorCode::kInvalid ? kUsage : kFailed;
}

std::vector<Setting> LogSettings() {
  return {
      {"log.level", "LEVEL", "info", "debug, info, warn or error."},
      {"log.format", "FORMAT", "logfmt", "logfmt or json."},
  };
}

Result<void> ConfigureLog(const Settings& settings) {
  const std::string level_name = settings.Text("log.level");
  const std::string format_name = settings.Text("log.format");
  log::Level level = log::Level::kInfo;
  if (level_name == "debug") {
    level = log::Level::kDebug;
  } else if (level_name == "warn") {
    level = log::Level::kWarn;
  } else if (level_name == "error") {
    level = log::Level::kError;
  } else if (level_name != "info") {
    return settings.Wrong("log.level",
                          fmt::format("{:?} is none of debug, info, warn, error", level_name));
  }
  if (format_name != "logfmt" && format_name != "json") {
    return settings.Wrong("log.format", fmt::format("{:?} is none of logfmt, json", format_name));
  }
  log::Configure(level, format_name == "json" ? log::Format::kJson : log::Format::kLogfmt);
  return {};
}

}  // namespace rollcall::app
