// rollcall run SERVICE -- COMMAND...

#include <fmt/format.h>
#include <sys/wait.h>

#include "app/announcer.h"
#include "app/child.h"
#include "app/signals.h"
#include "app/system_state.h"
#include "base/log.h"

namespace rollcall::app {
namespace {

constexpr int kCannotRun = 126;  // as shells have it
constexpr int kNoProgram = 127;

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

// Takes the registration away, ours or one of an earlier start, unless somebody else
// has put another address since.  Prints nothing: standard output is the exporter's.
void Leave(Session& session, PendingOrder order, std::string address) {
  if (address.empty()) {
    address = session.AddressOf(order, store::After(std::chrono::seconds(1))).value_or("");
  }
  order.verb = Verb::kDeregister;
  order.since = SystemClock().WallNow();
  order.order.value.host = std::move(address);
  order.order.value.extension = {};
  order.reason = {fmt::format("rollcall run on {}", order.order.host), "stopped"};
  const auto gone = session.Settle(order, store::After(kStorePatience));
  if (gone) {
    log::Info("deregistered", {{"key", gone->key}, {"revision", gone->revision}});
  } else if (IsAway(gone.error())) {
    (void)KeepForLater(session, order, gone.error());
  } else {
    log::Info("not deregistered", {{"reason", gone.error().message}});
  }
}

int Supervise(Session& session, const PendingOrder& order, const Invocation& invocation,
              bool on_stop_deregister) {
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
  Announcer announcer(session, order);
  const Ended ended = WatchOver(*child, signals);
  announcer.Stop();
  log::Info("ended", {{"command", invocation.command[0]}, {"status", ended.status}});
  if (MayDeregister(ended, on_stop_deregister)) {
    Leave(session, order, announcer.registered_address());
  }
  return ended.status;
}

int Run(const Invocation& invocation) {
  const Settings& settings = invocation.settings;
  if (invocation.command.empty() || invocation.command[0].empty()) {
    return Report({ErrorCode::kInvalid, "no command is given: run SERVICE -- COMMAND..."});
  }
  const std::string on_stop = settings.Text("on-stop");
  if (on_stop != "deregister" && on_stop != "keep") {
    return Report(
        settings.Wrong("on-stop", fmt::format("{:?} is neither deregister nor keep", on_stop))
            .value());
  }
  auto session = Session::Open(settings);
  if (!session) return Report(session.error());
  const auto order = ReadOrder(invocation, **session, Verb::kRegister);
  if (!order) return Report(order.error());
  return Supervise(**session, *order, invocation, on_stop == "deregister");
}

}  // namespace

Command RunCommand() {
  const std::vector<Setting> own = {
      {"on-stop", "WHAT", "deregister",
       "On a clean stop (SIGTERM or SIGINT to rollcall): deregister or keep."},
  };
  Command command{
      "run",
      "SERVICE",
      0,
      1,
      "Runs an exporter and keeps its registration: run SERVICE -- COMMAND...",
      "COMMAND starts at once, whatever state the store is in. It is registered when its port\n"
      "answers. Signals are passed on to it, and its exit status is ours (128 + the signal, if\n"
      "one ended it); it is to stay in the foreground. Only a clean stop deregisters, once "
      "COMMAND\n"
      "has ended: not a crash, not a kill, and not while the system goes down. If rollcall\n"
      "itself is killed, COMMAND runs on, and keeps its port from the next one.\n\n"
      "Example:\n"
      "  rollcall run node --port=9100 -- /usr/bin/prometheus-node-exporter",
      Join({ValueSettings(), InstanceSettings(), own, ClientSettings()}),
      &Run,
      "The service: node, node.a, mysql."};
  command.takes_command = true;
  return command;
}

}  // namespace rollcall::app
