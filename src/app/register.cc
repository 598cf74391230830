// rollcall register SERVICE

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "app/orders.h"

namespace rollcall::app {
namespace {

// Nothing to register, only what waits.
int FlushOnly(Session& session) {
  const auto done = session.Flush("", true, store::After(kStorePatience));
  if (!done) return Report(done.error());
  fmt::print("pending orders carried out: {}\n", *done);
  return kDone;
}

// Without a port: the agent that defines the instance knows it, and shall register it.
int Readmit(Session& session, const Invocation& invocation) {
  // What is read of a deregistration names an instance, and who asks.
  const auto order = ReadOrder(invocation, session, Verb::kDeregister);
  if (!order) return Report(order.error());
  registry::Registry registry(session.store(), order->layout);
  const registry::Target target{.service = order->order.service,
                                .instance = order->order.instance,
                                .host = order->order.host,
                                .port = 0,
                                .address = {}};
  auto why = ReadReason(invocation.settings, "rollcall register --again");
  if (!why) return Report(why.error());
  const registry::Reason reason{order->reason.by, *std::move(why)};
  const auto done = registry.Readmit(target, reason, store::After(kStorePatience));
  if (!done) return Report(done.error());
  fmt::print("{} {} {}\n", *done ? "may be registered again:" : "is registered:", target.service,
             target.instance.empty() ? target.host : target.instance);
  return kDone;
}

bool NamesAPort(const Invocation& invocation) {
  const char* const variable = std::getenv("EXPORTER_PORT");
  return invocation.settings.IsGiven("port") || (variable != nullptr && *variable != '\0');
}

int RunRegister(const Invocation& invocation) {
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const bool flush = invocation.settings.Switch("flush");
  if (flush && invocation.words.empty()) return FlushOnly(**session);
  if (invocation.settings.Switch("again") && !NamesAPort(invocation)) {
    return Readmit(**session, invocation);
  }
  const auto order = ReadOrder(invocation, **session, Verb::kRegister);
  if (!order) return Report(order.error());
  if (flush) {
    if (const int status = FlushOnly(**session); status != kDone) return status;
  }
  return Submit(**session, *order, invocation.settings.Switch("require-store"));
}

}  // namespace

Command RegisterCommand() {
  const std::vector<Setting> own = {
      {"require-store", "", "", "Fail if the store is away, instead of keeping the order."},
      {"again", "", "",
       "Take back a deregistration, so that the agent which defines the instance registers it "
       "again. "
       "With a port it is registered at once, too; without, the store must be there."},
      {"flush", "", "", "Carry out all pending orders, also without a SERVICE."},
  };
  return {"register",
          "SERVICE",
          0,
          1,
          "Writes a registration; safe to repeat.",
          "SERVICE may have dots, and defaults to EXPORTER_TYPE. What is written is static: it\n"
          "stays until somebody deregisters it. The history says that it was you, and --reason.\n"
          "With the store away the order is kept on disk, a warning is printed, and the exit\n"
          "status is 0.\n\n"
          "Examples:\n"
          "  rollcall register node --port=9100 --label=rack=r12 --reason='new host'\n"
          "  rollcall register ns.dns --instance=ns1 --address=192.0.2.1\n"
          "  rollcall register node --host=server01 --again",
          Join({ValueSettings(), InstanceSettings(), {ReasonSetting()}, own, ClientSettings()}),
          &RunRegister,
          "The service: node, node.a, mysql."};
}

}  // namespace rollcall::app
