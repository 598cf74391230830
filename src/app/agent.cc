// rollcall agent

#include "agent/agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "agent/checker.h"
#include "agent/state_file.h"
#include "app/address.h"
#include "app/agent_options.h"
#include "app/command.h"
#include "app/config_file.h"
#include "app/directory_watch.h"
#include "app/lazy_etcd.h"
#include "app/notify.h"
#include "app/signals.h"
#include "app/system_state.h"
#include "base/guarded.h"
#include "base/whole_file.h"

namespace rollcall::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How often the main thread looks at signals and the directory's watch,
constexpr milliseconds kTick{250};
// and at the directory itself: in case its watch is deaf,
constexpr seconds kLook{10};
// or something in it is settling.
constexpr milliseconds kSettling{500};
// A loop that has not come round for so long is not alive.
constexpr seconds kLoopPatience{60};
// Until the way to the store is looked for again: where none is known, and else.
constexpr seconds kAddressFirst{2};
constexpr seconds kAddress{60};

Result<std::string> MachineId(const std::optional<agent::StateFile>& state) {
  for (const char* file : {"/etc/machine-id", "/var/lib/dbus/machine-id"}) {
    auto text = ReadWholeFile(file, 1000);
    if (!text) continue;
    text->erase(std::find(text->begin(), text->end(), '\n'), text->end());
    if (!text->empty() && *text != "uninitialized") return text;
  }
  if (state) return state->MachineId();
  return Fail(ErrorCode::kNotFound,
              "this machine has no id: neither /etc/machine-id nor a state directory");
}

agent::AgentOptions LoopOptions(const AgentOptions& options, const std::string& machine,
                                const std::optional<agent::StateFile>& state) {
  agent::AgentOptions loop;
  loop.host = options.host.name;
  loop.machine = machine;
  loop.layout = options.layout;
  loop.rules = options.host.rules;
  loop.lease_ttl = options.lease_ttl;
  loop.save = [&state](const agent::Memory& memory) {
    if (!state) return;
    if (const auto saved = state->Save(memory); !saved) {
      log::Error("the agent's state could not be kept", {{"error", saved.error().message}});
    }
  };
  return loop;
}

StoreOptions WithRemembered(StoreOptions store, const agent::Memory& memory) {
  store.remembered = memory.endpoints;
  return store;
}

// The agent's threads: its loop, its checks, and who finds this host's address.
class Program {
 public:
  Program(const AgentOptions& options, const std::string& machine,
          const std::optional<agent::StateFile>& state, agent::Memory memory)
      : options_(options),
        store_(WithRemembered(options.store, memory)),
        book_(options.services.string(), options.host, memory.kept),
        agent_(store_, LoopOptions(options, machine, state), std::move(memory)),
        checker_([this](const std::string& id, const agent::Checker::Verdict& verdict) {
          agent_.Report(id, {verdict.health, verdict.output, verdict.since});
        }) {
    if (!options_.host.address.empty()) agent_.SetAddress(options_.host.address);
  }

  void Start() {
    loop_ = std::jthread([this](const std::stop_token& stop) { Loop(stop); });
    if (options_.host.address.empty()) {
      address_ = std::jthread([this](const std::stop_token& stop) { FindAddress(stop); });
    }
  }

  // Looks at the directory; what counts now goes to the agent and the checks.
  void Look(agent::DefinitionBook::Urge urge) {
    const bool changed = book_.Take(agent::LookAt(options_.services), SystemClock().Now(), urge);
    TellProblems();
    if (!changed) return;
    agent::Agent::Book book{book_.Definitions(), book_.Unknown(), book_.kept()};
    std::map<std::string, agent::CheckSpec> checks;
    deregisters_ = false;
    for (const agent::Defined& defined : book.definitions) {
      checks.emplace(agent::IdOf(defined.definition), defined.definition.check);
      deregisters_ = deregisters_ || defined.definition.on_stop == agent::OnStop::kDeregister;
    }
    log::Info("definitions read",
              {{"services", book.definitions.size()}, {"directory", options_.services.string()}});
    agent_.Define(std::move(book));
    checker_.Set(std::move(checks));
  }
  [[nodiscard]] bool settling() const { return book_.restless(); }

  [[nodiscard]] bool alive() const {
    return SystemClock().Now() - SteadyTime(SteadyTime::duration(beat_.load())) < kLoopPatience;
  }
  [[nodiscard]] std::string Status() { return *status_.Lock(); }

  // After a clean stop.
  void Stop() {
    for (std::jthread* thread : {&loop_, &address_}) thread->request_stop();
    wake_.notify_all();
    loop_.join();
    if (!deregisters_ || !StaysUp()) return;
    if (const auto stopped = agent_.Stop(options_.stop_grace); !stopped) {
      log::Warn("not all that was to be deregistered is; it stays registered",
                {{"error", stopped.error().message}});
    }
  }

 private:
  void Loop(const std::stop_token& stop) {
    SteadyTime remember{};
    while (!stop.stop_requested()) {
      Beat();
      const SteadyTime next = agent_.Step();
      NoteStatus();
      const SteadyTime now = SystemClock().Now();
      if (agent_.in_contact() && now >= remember && !options_.store.discovery_srv.empty()) {
        // Known by now: this asks nobody.
        if (auto found = store_.Endpoints(store::After(seconds(1)))) agent_.SetEndpoints(*found);
        remember = now + kAddress;
      }
      agent_.Wait(std::min(next, now + kTick));
    }
  }

  void Beat() { beat_ = SystemClock().Now().time_since_epoch().count(); }

  void NoteStatus() {
    const auto counts = agent_.counts();
    *status_.Lock() = fmt::format("{}: {} registered, {} waiting, {} away, {} refused",
                                  agent_.in_contact() ? "in contact" : "the store is away",
                                  counts.registered, counts.waiting, counts.away, counts.refused);
  }

  // May take as long as the system's resolver does.
  void FindAddress(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto found = AddressTowardsStore();
      if (found) agent_.SetAddress(*found);
      std::unique_lock lock(mutex_);
      (void)wake_.wait_for(lock, stop, found ? kAddress : kAddressFirst, [] { return false; });
    }
  }

  Result<std::string> AddressTowardsStore() {
    const auto endpoints = store_.Endpoints(store::After(seconds(2)));
    if (!endpoints) return Fail(endpoints.error());
    Error last{ErrorCode::kUnavailable, "no endpoint of the store is known"};
    for (const std::string& endpoint : *endpoints) {
      auto address = SourceAddressTowards(endpoint);
      if (address) return address;
      last = std::move(address.error());
    }
    return Fail(std::move(last));
  }

  // Each once, until it is gone.
  void TellProblems() {
    std::set<std::string> problems(book_.problems().begin(), book_.problems().end());
    for (const std::string& problem : problems) {
      if (!problems_.contains(problem)) log::Error("definitions", {{"problem", problem}});
    }
    if (problems.empty() && !problems_.empty()) log::Info("all definitions can be read again");
    problems_ = std::move(problems);
  }

  [[nodiscard]] static bool StaysUp() {
    switch (AskSystemState()) {
      case SystemState::kStaysUp:
        return true;
      case SystemState::kGoingDown:
        log::Info("the system is going down; all stays registered");
        return false;
      case SystemState::kUnknown:
        log::Warn("cannot tell whether the system is going down; all stays registered");
        return false;
    }
    return false;
  }

  const AgentOptions& options_;
  LazyEtcd store_;
  agent::DefinitionBook book_;
  agent::Agent agent_;
  std::set<std::string> problems_;
  bool deregisters_ = false;  // something is to be, by a stop
  std::atomic<SteadyTime::rep> beat_{SystemClock().Now().time_since_epoch().count()};
  Guarded<std::string> status_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  agent::Checker checker_;  // these last: they use all of the above
  std::jthread address_;
  std::jthread loop_;
};

// Until SIGTERM or SIGINT.
void Watch(Program& program, const AgentOptions& options, const Signals& signals) {
  using Urge = agent::DefinitionBook::Urge;
  DirectoryWatch directory(options.services);
  program.Look(Urge::kSettle);
  program.Start();
  NotifyReady();
  const milliseconds interval = WatchdogInterval();
  SteadyTime next_look = SystemClock().Now() + kLook;
  SteadyTime next_sign{};
  std::string status;
  for (;;) {
    const auto signal = signals.WaitFor(kTick);
    if (signal && (signal->number == SIGTERM || signal->number == SIGINT)) return;
    const SteadyTime now = SystemClock().Now();
    const bool asked = signal && signal->number == SIGHUP;
    if (asked) log::Info("reading the definitions, by SIGHUP");
    if (directory.Changed() || asked || now >= next_look) {
      program.Look(asked ? Urge::kNow : Urge::kSettle);
      next_look = now + (program.settling() ? milliseconds(kSettling) : milliseconds(kLook));
    }
    if (interval.count() > 0 && now >= next_sign && program.alive()) {
      NotifyWatchdog();
      next_sign = now + interval;
    }
    if (std::string changed = program.Status(); changed != status) {
      NotifyStatus(changed);
      status = std::move(changed);
    }
  }
}

Result<AgentOptions> Load(const Invocation& invocation) {
  Settings settings = invocation.settings;
  if (const std::string file = settings.Text("config.file"); !file.empty()) {
    if (auto ok = LoadConfigFile(file, settings); !ok) return Fail(std::move(ok.error()));
    if (auto ok = ConfigureLog(settings); !ok) return Fail(std::move(ok.error()));
  }
  return ReadAgentOptions(settings);
}

int Run(const Invocation& invocation) {
  const auto options = Load(invocation);
  if (!options) return Report(options.error());
  // Before the first thread, so that none of them takes our signals.
  const Signals signals({SIGTERM, SIGINT, SIGHUP});
  auto opened = agent::StateFile::Open(options->state);
  if (!opened && opened.error().code == ErrorCode::kConflict) return Report(opened.error());
  std::optional<agent::StateFile> state;
  if (opened) {
    state.emplace(*std::move(opened));
  } else {
    // What is registered matters more than what is remembered of it.
    log::Error("nothing will outlive this agent: its state cannot be kept",
               {{"error", opened.error().message}});
  }
  const auto machine = MachineId(state);
  if (!machine) return Report(machine.error());
  agent::Memory memory;
  memory.host = options->host.name;
  memory.machine = *machine;
  if (state) memory = state->Load(options->host.name, *machine);
  log::Info("agent starts", {{"host", options->host.name}, {"machine", *machine}});
  Program program(*options, *machine, state, std::move(memory));
  Watch(program, *options, signals);
  NotifyStopping();
  program.Stop();
  return kDone;
}

}  // namespace

Command AgentCommand() {
  return {"agent",
          "",
          0,
          0,
          "Keeps what this host defines registered, checks it, and says how it is.",
          "Definitions are YAML, see doc/agent.md; they are read again when they change, and at\n"
          "SIGHUP. With the store away it waits, and puts all right within seconds of its return.\n"
          "SIGTERM stops it; what is registered stays, but for what is `on_stop: deregister`.\n\n"
          "Examples:\n"
          "  rollcall agent --config.file=/etc/rollcall/agent.yml\n"
          "  rollcall agent --services.path=./services.d --state.path=./agent",
          AgentSettings(),
          &Run,
          ""};
}

}  // namespace rollcall::app
