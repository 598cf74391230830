// rollcall check records | check config FILE

#include <fmt/format.h>

#include <cstdio>

#include "app/config_file.h"
#include "app/orders.h"
#include "app/serve_options.h"

namespace rollcall::app {
namespace {

int CheckRecords(const Invocation& invocation) {
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  registry::Layout layout = (*session)->layout();
  if (!invocation.settings.IsGiven("zone")) layout.zone.clear();
  registry::Registry registry((*session)->store(), layout);
  const auto directory = registry::DirectoryOf(layout, "");
  if (!directory) return Report(directory.error());
  fmt::print("Checking {}/\n", *directory);
  std::fflush(stdout);

  const auto deadline = store::After(kStorePatience);
  (*session)->FlushOrWarn(deadline);
  const auto listing = registry.List("", deadline);
  if (!listing) return Report(listing.error());
  std::size_t bad = 0;
  for (const registry::Listed& item : listing->items) {
    if (item.problem.empty()) continue;
    ++bad;
    fmt::print("  FAILED: {}: {}\n", item.key, item.problem);
  }
  if (listing->items.empty()) {
    fmt::print("  SUCCESS: no records are there\n");
  } else if (bad < listing->items.size()) {
    fmt::print("  SUCCESS: {} records\n", listing->items.size() - bad);
  }
  return bad == 0 ? kDone : kFailed;
}

int CheckConfig(const Invocation& invocation) {
  int status = kDone;
  for (const std::string& file : invocation.words) {
    fmt::print("Checking {}\n", file);
    Settings settings(ServeSettings());
    auto ok = LoadConfigFile(file, settings);
    if (ok) {
      if (auto log = ReadLogOptions(settings); !log) ok = Fail(log.error());
    }
    if (ok) {
      if (auto options = ReadServeOptions(settings); !options) ok = Fail(options.error());
    }
    if (ok) {
      fmt::print("  SUCCESS: {} is a valid configuration file\n", file);
    } else {
      fmt::print("  FAILED: {}\n", ok.error().message);
      status = kFailed;
    }
  }
  return status;
}

}  // namespace

Command CheckRecordsCommand() {
  return {"check records",
          "",
          0,
          0,
          "Reads every registration and names those that cannot be served.",
          "Example:\n"
          "  rollcall check records --etcd.endpoint=http://127.0.0.1:2379",
          ClientSettings(),
          &CheckRecords,
          ""};
}

Command CheckConfigCommand() {
  return {"check config",
          "FILE",
          1,
          100,
          "Checks configuration files of `serve` without starting it.",
          "Example:\n"
          "  rollcall check config /etc/rollcall/rollcall.yml",
          LogSettings(),
          &CheckConfig,
          "YAML, as for --config.file of `serve`."};
}

}  // namespace rollcall::app
