// One subcommand: what it is told, and what it does.  cli.cc turns the table of
// them into a command line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "base/log.h"
#include "base/result.h"

namespace rollcall::app {

// Exit statuses.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;  // the check or operation failed
inline constexpr int kUsage = 2;   // usage, or a configuration that cannot be loaded

struct Invocation {
  Settings settings;
  std::vector<std::string> words;    // positional
  std::vector<std::string> command;  // behind `--`
};

struct Command {
  std::string_view name;   // "serve", "check records"
  std::string_view words;  // positional arguments, for the help: "SERVICE"
  std::size_t least_words = 0;
  std::size_t most_words = 0;
  std::string_view summary;
  std::string_view details;  // below the flags in --help, with an example
  std::vector<Setting> settings;
  int (*run)(const Invocation&) = nullptr;
  std::string_view words_help;  // what the positional arguments are
  bool takes_command = false;   // `-- COMMAND...`
};

// One for each file.
[[nodiscard]] Command ServeCommand();
[[nodiscard]] Command RegisterCommand();
[[nodiscard]] Command DeregisterCommand();
[[nodiscard]] Command RunCommand();
[[nodiscard]] Command AgentCommand();
[[nodiscard]] Command ListCommand();
[[nodiscard]] Command WatchCommand();
[[nodiscard]] Command ExplainCommand();
[[nodiscard]] Command DoctorCommand();
[[nodiscard]] Command MaintenanceOnCommand();
[[nodiscard]] Command MaintenanceOffCommand();
[[nodiscard]] Command MaintenanceListCommand();
[[nodiscard]] Command ProtectListCommand();
[[nodiscard]] Command ProtectReleaseCommand();
[[nodiscard]] Command CheckConfigCommand();
[[nodiscard]] Command CheckWebConfigCommand();
[[nodiscard]] Command CheckServicesCommand();
[[nodiscard]] Command CheckRecordsCommand();
[[nodiscard]] Command StoreCheckCommand();
[[nodiscard]] Command StoreBackupCommand();
[[nodiscard]] Command StoreRestoreCommand();
[[nodiscard]] Command StoreCopyCommand();

// Says what went wrong, on standard error; the status to exit with.
[[nodiscard]] int Report(const Error& error);

// --log.level and --log.format, which every command has.
[[nodiscard]] std::vector<Setting> LogSettings();
struct LogOptions {
  log::Level level = log::Level::kInfo;
  log::Format format = log::Format::kLogfmt;
};
[[nodiscard]] Result<LogOptions> ReadLogOptions(const Settings& settings);
[[nodiscard]] Result<void> ConfigureLog(const Settings& settings);

}  // namespace rollcall::app
