#include "app/command.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/quote.h"

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

Result<LogOptions> ReadLogOptions(const Settings& settings) {
  const std::string level = settings.Text("log.level");
  const std::string format = settings.Text("log.format");
  LogOptions options;
  if (level == "debug") {
    options.level = log::Level::kDebug;
  } else if (level == "warn") {
    options.level = log::Level::kWarn;
  } else if (level == "error") {
    options.level = log::Level::kError;
  } else if (level != "info") {
    return settings.Wrong("log.level",
                          fmt::format("{} is none of debug, info, warn, error", Quote(level)));
  }
  if (format == "json") {
    options.format = log::Format::kJson;
  } else if (format != "logfmt") {
    return settings.Wrong("log.format", fmt::format("{} is none of logfmt, json", Quote(format)));
  }
  return options;
}

Result<void> ConfigureLog(const Settings& settings) {
  const auto options = ReadLogOptions(settings);
  if (!options) return Fail(options.error());
  log::Configure(options->level, options->format);
  return {};
}

}  // namespace rollcall::app
