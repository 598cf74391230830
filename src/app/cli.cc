#include "app/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <exception>
#include <map>

#include "app/command.h"
#include "base/quote.h"

namespace rollcall::app {
namespace {

constexpr std::string_view kSummary =
    "Keeps the roll of a site's Prometheus exporters, and answers DNS from it.";
constexpr std::string_view kFooter =
    "Each command has --help.  A first try:\n"
    "  rollcall serve &\n"
    "  rollcall register node --port=9100\n"
    "  dig @127.0.0.1 -p 5300 SRV node.prom.internal";

constexpr std::size_t kHelpColumn = 34;
constexpr std::size_t kHelpWidth = 80;

// Broken at spaces into lines that stand beside a column of flags.
std::string Wrapped(std::string_view text) {
  std::string wrapped;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > 0 && column + 1 + end > kHelpWidth - kHelpColumn) {
      wrapped += '\n';
      column = 0;
    } else if (column > 0) {
      wrapped += ' ';
      ++column;
    }
    wrapped += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped;
}

// Where CLI11 puts what it reads for one flag of one command.
struct Slot {
  std::string name;
  CLI::Option* option = nullptr;
  std::string text;
  std::vector<std::string> texts;
  bool on = false;
};

struct Entry {
  Command command;
  CLI::App* app = nullptr;
  std::vector<std::string> words;
  std::deque<Slot> slots;  // CLI11 keeps pointers into it
};

void AddFlag(Entry& entry, const Setting& setting) {
  Slot& slot = entry.slots.emplace_back();
  slot.name = setting.name;
  const std::string flag = "--" + slot.name;
  const std::string help = Wrapped(setting.help);
  if (setting.help.empty()) {  // known, and not shown
    slot.option = entry.app->add_option(flag, slot.text)->group("");
    return;
  }
  if (setting.value.empty()) {
    slot.option = entry.app->add_flag(flag, slot.on, help);
    return;
  }
  slot.option = setting.repeat
                    ? entry.app->add_option(flag, slot.texts, help)->allow_extra_args(false)
                    : entry.app->add_option(flag, slot.text, help);
  slot.option->type_name(std::string(setting.value));  // CLI11 adds the dots of a repeat
  if (!setting.fallback.empty()) slot.option->default_str(std::string(setting.fallback));
}

const std::map<std::string_view, std::string_view> kGroups = {
    {"check", "Checks what people wrote; exit status 1 if it is wrong."},
    {"maintenance", "Takes names and hosts out of the healthy view."},
    {"protect", "What mass-loss protection holds."},
    {"store", "Looks after the embedded store's file."}};

// "check records" is `records` below `check`, which is made when first needed.
CLI::App* Place(CLI::App& root, const Command& command) {
  const std::string name(command.name);
  const std::size_t space = name.find(' ');
  if (space == std::string::npos) return root.add_subcommand(name, std::string(command.summary));
  const std::string group = name.substr(0, space);
  const auto found =
      root.get_subcommands([&](const CLI::App* app) { return app->get_name() == group; });
  CLI::App* parent = found.empty() ? nullptr : found.front();
  if (parent == nullptr) {
    parent = root.add_subcommand(group, std::string(kGroups.at(group)));
    parent->require_subcommand(1);
  }
  return parent->add_subcommand(name.substr(space + 1), std::string(command.summary));
}

void AddCommand(CLI::App& root, Entry& entry) {
  const Command& command = entry.command;
  entry.app = Place(root, command);
  entry.app->footer(std::string(command.details));
  entry.app->get_formatter()->column_width(kHelpColumn);
  entry.app->set_help_flag("-h,--help", "Prints this help.");
  for (const Setting& setting : command.settings) AddFlag(entry, setting);
  if (command.most_words == 0) return;
  entry.app->add_option(std::string(command.words), entry.words, Wrapped(command.words_help))
      ->expected(static_cast<int>(command.least_words), static_cast<int>(command.most_words))
      ->required(command.least_words > 0)
      ->type_name("");
}

Invocation Read(const Entry& entry, std::vector<std::string> behind_dashes) {
  Invocation invocation{Settings(entry.command.settings), entry.words, std::move(behind_dashes)};
  for (const Slot& slot : entry.slots) {
    if (slot.option->count() == 0) continue;
    Given given{{slot.text}, "--" + slot.name};
    if (slot.option->get_items_expected_max() == 0) given.values = {slot.on ? "true" : "false"};
    if (!slot.texts.empty()) given.values = slot.texts;
    invocation.settings.Set(slot.name, std::move(given));
  }
  return invocation;
}

// What CLI11 found wrong, in our words.
std::string Explain(const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::size_t colon = text.find(": ");
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && colon != std::string::npos) {
    return fmt::format("not a flag or word that is known: {}", text.substr(colon + 2));
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && colon != std::string::npos) {
    const std::string name = text.substr(0, colon);
    if (text.find("At Most") == std::string::npos) return fmt::format("{} wants a value", name);
    return fmt::format("more than one {} is given", name);
  }
  return text;
}

// The command that was meant: of the program itself, if none was.
int Refuse(const CLI::App& root, int argc, char** argv, const CLI::ParseError& error) {
  std::string path = "rollcall";
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    path += " " + app->get_name();
  }
  std::string why = Explain(error);
  const auto next = std::count(path.begin(), path.end(), ' ') + 1;
  if (!app->get_subcommands({}).empty()) {  // it wants the name of one of them
    if (next >= argc) why = "no command is given";
    if (next < argc) {
      const bool flag = *argv[next] == '-';
      why = fmt::format("{} is not a {}", Quote(argv[next]), flag ? "flag" : "command");
    }
  }
  fmt::print(stderr, "rollcall: {}; see `{} --help`\n", why, path);
  return kUsage;
}

int RunCommandLine(int argc, char** argv) {
  CLI::App root{std::string(kSummary), "rollcall"};
  root.set_help_flag("-h,--help", "Prints this help.");
  root.set_version_flag("--version", std::string("rollcall, version " ROLLCALL_VERSION),
                        "Prints the version.");
  root.get_formatter()->column_width(kHelpColumn);
  root.footer(std::string(kFooter));
  root.require_subcommand(1);

  std::deque<Entry> entries;
  for (Command& command : std::vector<Command>{ServeCommand(),          RegisterCommand(),
                                               DeregisterCommand(),     RunCommand(),
                                               AgentCommand(),          ListCommand(),
                                               WatchCommand(),          ExplainCommand(),
                                               DoctorCommand(),         MaintenanceOnCommand(),
                                               MaintenanceOffCommand(), MaintenanceListCommand(),
                                               ProtectListCommand(),    ProtectReleaseCommand(),
                                               CheckConfigCommand(),    CheckWebConfigCommand(),
                                               CheckServicesCommand(),  CheckRecordsCommand(),
                                               StoreCheckCommand(),     StoreBackupCommand(),
                                               StoreRestoreCommand(),   StoreCopyCommand()}) {
    entries.emplace_back().command = std::move(command);
    AddCommand(root, entries.back());
  }

  // What is behind `--` is somebody else's command line: no parser of ours sees it.
  char** const end = argv + argc;
  char** const dashes = std::find(argv, end, std::string_view("--"));
  std::vector<std::string> behind;
  if (dashes != end) behind.assign(dashes + 1, end);
  try {
    root.parse(static_cast<int>(dashes - argv), argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return root.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return Refuse(root, static_cast<int>(dashes - argv), argv, error);
  }
  for (const Entry& entry : entries) {
    if (!entry.app->parsed()) continue;
    if (!behind.empty() && !entry.command.takes_command) {
      return Report({ErrorCode::kInvalid, "only `run` takes a command behind --"});
    }
    const Invocation invocation = Read(entry, std::move(behind));
    if (auto ok = ConfigureLog(invocation.settings); !ok) return Report(ok.error());
    return entry.command.run(invocation);
  }
  return kUsage;
}

}  // namespace

int Main(int argc, char** argv) {
  try {
    return RunCommandLine(argc, argv);
  } catch (const std::exception& error) {  // out of memory, or a library's own
    return Report({ErrorCode::kInternal, error.what()});
  }
}

}  // namespace rollcall::app
