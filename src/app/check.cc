// rollcall check records | check config FILE | check web-config FILE | check services DIR

#include <fmt/format.h>

#include <cstdio>

#include "agent/definition_book.h"
#include "app/address.h"
#include "app/agent_options.h"
#include "app/config_file.h"
#include "app/orders.h"
#include "app/serve_options.h"
#include "app/web_policy.h"
#include "base/quote.h"

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

// Of `serve`, or of `agent`.
Result<void> CheckOne(const std::string& file, bool of_agent) {
  Settings settings(of_agent ? AgentSettings() : ServeSettings());
  if (auto ok = LoadConfigFile(file, settings); !ok) return ok;
  if (auto log = ReadLogOptions(settings); !log) return Fail(log.error());
  if (of_agent) {
    if (auto options = ReadAgentOptions(settings); !options) return Fail(options.error());
  } else {
    auto options = ReadServeOptions(settings);
    if (!options) return Fail(options.error());
    auto policy = WebPolicy::Load(options->web_files, SystemClock());
    if (!policy) return Fail(policy.error());
  }
  return {};
}

int CheckConfig(const Invocation& invocation) {
  const std::string whose = invocation.settings.Text("for");
  if (whose != "serve" && whose != "agent") {
    return Report(
        invocation.settings.Wrong("for", fmt::format("{} is neither serve nor agent", Quote(whose)))
            .value());
  }
  int status = kDone;
  for (const std::string& file : invocation.words) {
    fmt::print("Checking {}\n", file);
    const auto ok = CheckOne(file, whose == "agent");
    if (ok) {
      fmt::print("  SUCCESS: {} is a valid configuration file\n", file);
    } else {
      fmt::print("  FAILED: {}\n", ok.error().message);
      status = kFailed;
    }
  }
  return status;
}

int CheckWebConfig(const Invocation& invocation) {
  const bool tokens = invocation.settings.Switch("tokens");
  int status = kDone;
  for (const std::string& file : invocation.words) {
    fmt::print("Checking {}\n", file);
    const auto ok = WebPolicy::Load({tokens ? "" : file, tokens ? file : ""}, SystemClock());
    if (ok) {
      fmt::print("  SUCCESS: {} is a valid {} file\n", file,
                 tokens ? "tokens" : "web configuration");
    } else {
      fmt::print("  FAILED: {}\n", ok.error().message);
      status = kFailed;
    }
  }
  return status;
}

int CheckServices(const Invocation& invocation) {
  int status = kDone;
  const agent::HostDefaults host{.name = ShortHostName(), .rules = {.allow_loopback = true}};
  for (const std::string& directory : invocation.words) {
    fmt::print("Checking {}\n", directory);
    agent::DefinitionBook book(directory, host, {});
    (void)book.Take(agent::LookAt(directory), SystemClock().Now(),
                    agent::DefinitionBook::Urge::kNow);
    for (const std::string& problem : book.problems()) {
      fmt::print("  FAILED: {}\n", problem);
      status = kFailed;
    }
    if (const auto definitions = book.Definitions(); !definitions.empty()) {
      fmt::print("  SUCCESS: {} services\n", definitions.size());
    } else if (book.problems().empty()) {
      fmt::print("  SUCCESS: no services are defined\n");
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
  const std::vector<Setting> own = {
      {"for", "COMMAND", "serve", "Whose configuration it is: serve or agent."},
  };
  return {"check config",
          "FILE",
          1,
          100,
          "Checks configuration files without starting anything.",
          "Examples:\n"
          "  rollcall check config /etc/rollcall/rollcall.yml\n"
          "  rollcall check config --for=agent /etc/rollcall/agent.yml",
          Join({own, LogSettings()}),
          &CheckConfig,
          "YAML, as for --config.file of `serve` or `agent`."};
}

Command CheckWebConfigCommand() {
  const std::vector<Setting> own = {
      {"tokens", "", "", "They are files of tokens, as for --web.tokens-file."},
  };
  return {"check web-config",
          "FILE",
          1,
          100,
          "Checks what protects the HTTP side, with the certificates that it names.",
          "Examples:\n"
          "  rollcall check web-config /etc/rollcall/web.yml\n"
          "  rollcall check web-config --tokens /etc/rollcall/tokens.yml",
          Join({own, LogSettings()}),
          &CheckWebConfig,
          "YAML, as for --web.config.file of `serve`."};
}

Command CheckServicesCommand() {
  return {"check services",
          "DIR",
          1,
          100,
          "Checks what the agent would read: the definitions in a directory.",
          "Example:\n"
          "  rollcall check services /etc/rollcall/services.d",
          LogSettings(),
          &CheckServices,
          "A directory of definitions (*.yml), as for --services.path of `agent`."};
}

}  // namespace rollcall::app
