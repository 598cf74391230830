// rollcall run SERVICE -- COMMAND...

#include <fmt/format.h>
#include <sys/wait.h>

#include "app/announcer.h"
#include "app/child.h"
#include "app/signals.h"
#include "app/system_state.h"
#include "base/log.h"
#include "base/quote.h"
#include "model/duration.h"
#include "model/time.h"

namespace rollcall::app {
namespace {

constexpr int kCannotRun = 126;  // as shells have it
constexpr int kNoProgram = 127;
constexpr std::chrono::seconds kLeastTtl{5};
constexpr std::chrono::seconds kMostTtl{3600};

struct Ended {
  int status = 0;
  bool asked_to_stop = false;  // by SIGTERM or SIGINT to us
};

// Passes signals on until the child has ended.
Ended WatchOver(pid_t child, const Signals& signals) {
  Ended ended;
  for (;;) {
    const auto signal = signals.WaitFor(std::chrono::milliseconds(1000));
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) {
      ended.status = ExitStatus(status);
      ended.asked_to_stop = ended.asked_to_stop ||
                            (signal && (signal->number == SIGTERM || signal->number == SIGINT));
      return ended;
    }
    if (!signal || signal->number == SIGCHLD || signal->number == SIGPIPE) continue;
    if (signal->number == SIGTERM || signal->number == SIGINT) ended.asked_to_stop = true;
    // A key at the terminal has reached the child already.
    if (!signal->by_kernel) kill(child, signal->number);
  }
}

bool MayDeregister(const Ended& ended, bool on_stop_deregister) {
  if (!ended.asked_to_stop || !on_stop_deregister) return false;
  switch (AskSystemState()) {
    case SystemState::kStaysUp:
      return true;
    case SystemState::kGoingDown:
      log::Info("the system is going down; the registration stays");
      return false;
    case SystemState::kUnknown:
      log::Warn("cannot tell whether the system is going down; the registration stays");
      return false;
  }
  return false;
}

// What happens to the registration when the command ends or we do.
struct Plan {
  bool on_stop_deregister = true;
  std::chrono::milliseconds grace{};
  Announcer::Options holding;
};

// Lets the registration go, ours or one of an earlier start, unless somebody else has put
// another address since.  Prints nothing: standard output is the exporter's.
void Leave(Session& session, PendingOrder order, const Plan& plan, Announcer& announcer) {
  std::string address = announcer.registered_address();
  if (address.empty()) {
    address = session.AddressOf(order, store::After(std::chrono::seconds(1))).value_or("");
  }
  order.since = SystemClock().WallNow();
  order.until = order.since + plan.grace;
  order.verb = plan.grace.count() == 0 ? Verb::kDeregister : Verb::kStop;
  order.order.value.host = std::move(address);
  order.order.value.extension = {};
  order.reason = {fmt::format("run:{}", order.order.host), "stopped"};
  const auto deadline = store::After(kStorePatience);
  const auto gone = session.Settle(order, deadline);
  if (!gone && IsAway(gone.error())) {
    (void)KeepForLater(session, order, gone.error());
  } else if (!gone) {
    log::Info("not deregistered", {{"reason", gone.error().message}});
  } else if (order.verb == Verb::kStop) {
    // The lease is left to run out: whoever is back by then takes over an unbroken life.
    log::Info("stopping; a server deregisters it, unless it is back by then",
              {{"key", gone->key}, {"until", model::FormatTime(order.until)}});
  } else {
    log::Info("deregistered", {{"key", gone->key}, {"revision", gone->revision}});
    announcer.EndLease(deadline);
  }
}

int Supervise(Session& session, const PendingOrder& order, const Invocation& invocation,
              const Plan& plan) {
  // Before the first thread, and before the child: none of them may take our signals.
  // That of a log which nobody reads any more is only blocked.
  const Signals signals(
      {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGPIPE});
  const auto child = Spawn(invocation.command);
  if (!child) {
    (void)Report(child.error());
    return child.error().code == ErrorCode::kNotFound ? kNoProgram : kCannotRun;
  }
  log::Info("started", {{"command", invocation.command[0]}, {"pid", *child}});
  Announcer announcer(session, order, plan.holding);
  const Ended ended = WatchOver(*child, signals);
  announcer.Stop();
  log::Info("ended", {{"command", invocation.command[0]}, {"status", ended.status}});
  if (!announcer.deregistered() && MayDeregister(ended, plan.on_stop_deregister)) {
    Leave(session, order, plan, announcer);
  }
  return ended.status;
}

// One of two words.  True: the first.
Result<bool> ReadChoice(const Settings& settings, const std::string& name, const char* first,
                        const char* second) {
  const std::string text = settings.Text(name);
  if (text == first || text == second) return text == first;
  return settings.Wrong(name, fmt::format("{} is neither {} nor {}", Quote(text), first, second));
}

Result<Plan> ReadPlan(const Settings& settings) {
  Plan plan;
  const auto deregister = ReadChoice(settings, "on-stop", "deregister", "keep");
  if (!deregister) return Fail(deregister.error());
  plan.on_stop_deregister = *deregister;
  const auto remove = ReadChoice(settings, "on-loss", "remove", "keep");
  if (!remove) return Fail(remove.error());
  plan.holding.remove_on_loss = *remove;
  const auto ttl = settings.Duration("lease-ttl");
  if (!ttl) return Fail(ttl.error());
  plan.holding.lease_ttl = std::chrono::duration_cast<std::chrono::seconds>(*ttl);
  if (*ttl < kLeastTtl || *ttl > kMostTtl || plan.holding.lease_ttl != *ttl) {
    return settings.Wrong("lease-ttl", "not a whole number of seconds from 5s to 1h");
  }
  const auto grace = settings.Duration("stop-grace");
  if (!grace) return Fail(grace.error());
  plan.grace = *grace;
  // What goes with the lease is to be deregistered before that: a removal that is meant
  // is not to look like one that is not.
  if (*remove) plan.grace = std::min(plan.grace, *ttl / 2);
  return plan;
}

// What `run` adds to the order: who looks after it, and what is to happen without him.
Result<void> Own(const Settings& settings, const Plan& plan, registry::Order& order) {
  model::Extension& extension = order.value.extension;
  extension.owner = fmt::format("run:{}", order.host);
  if (plan.holding.remove_on_loss) extension.on_loss = "remove";
  if (!settings.IsGiven("retain")) return {};
  const auto retain = settings.Duration("retain");
  if (!retain) return Fail(retain.error());
  if (plan.holding.remove_on_loss) {
    return settings.Wrong("retain", "with --on-loss=remove nothing is retained");
  }
  extension.retain = model::FormatDuration(*retain);
  return {};
}

int RunChild(const Invocation& invocation) {
  const Settings& settings = invocation.settings;
  if (invocation.command.empty() || invocation.command[0].empty()) {
    return Report({ErrorCode::kInvalid, "no command is given: run SERVICE -- COMMAND..."});
  }
  const auto plan = ReadPlan(settings);
  if (!plan) return Report(plan.error());
  auto session = Session::Open(settings);
  if (!session) return Report(session.error());
  auto order = ReadOrder(invocation, **session, Verb::kRegister);
  if (!order) return Report(order.error());
  order->reason = {};  // its owner is named by the value
  if (auto ok = Own(settings, *plan, order->order); !ok) return Report(ok.error());
  return Supervise(**session, *order, invocation, *plan);
}

}  // namespace

Command RunCommand() {
  const std::vector<Setting> own = {
      {"on-stop", "WHAT", "deregister",
       "On a clean stop (SIGTERM or SIGINT to rollcall): deregister or keep."},
      {"stop-grace", "DURATION", "60s",
       "How long after a clean stop it is deregistered, unless it is back by then; 0s: at once. "
       "A server does it; without one it stays."},
      {"on-loss", "WHAT", "keep",
       "If rollcall or its host dies: keep the registration, as lost, or remove it."},
      {"retain", "DURATION", "",
       "How long it stays when lost; then a server deregisters it (default: for ever)."},
      {"lease-ttl", "DURATION", "30s", "How long after rollcall's last sign of life it is lost."},
  };
  Command command{
      "run",
      "SERVICE",
      0,
      1,
      "Runs an exporter and keeps its registration: run SERVICE -- COMMAND...",
      "COMMAND starts at once, whatever state the store is in. It is registered when its port\n"
      "answers. Signals are passed on to it, and its exit status is ours (128 + the signal, if\n"
      "one ended it); it is to stay in the foreground. While it runs, its port is checked.\n\n"
      "Only a clean stop deregisters, once COMMAND has ended: not a crash, not a kill, and not\n"
      "while the system goes down. It is no gap if COMMAND is started again within --stop-grace.\n"
      "If rollcall itself is killed, the registration stays and is lost after --lease-ttl;\n"
      "COMMAND runs on, and keeps its port from the next one.\n\n"
      "Example:\n"
      "  rollcall run node --port=9100 -- /usr/bin/prometheus-node-exporter",
      Join({ValueSettings(), InstanceSettings(), own, ClientSettings()}),
      &RunChild,
      "The service: node, node.a, mysql."};
  command.takes_command = true;
  return command;
}

}  // namespace rollcall::app
