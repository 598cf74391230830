// rollcall deregister SERVICE

#include "app/orders.h"

namespace rollcall::app {
namespace {

int Run(const Invocation& invocation) {
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const auto order = ReadOrder(invocation, **session, Verb::kDeregister);
  if (!order) return Report(order.error());
  return Submit(**session, *order, invocation.settings.Switch("require-store"));
}

}  // namespace

Command DeregisterCommand() {
  const std::vector<Setting> own = {
      {"require-store", "", "", "Fail if the store is away, instead of keeping the order."},
  };
  return {"deregister",
          "SERVICE",
          0,
          1,
          "Takes a registration away, and leaves a mark that it was meant.",
          "SERVICE defaults to EXPORTER_TYPE. Exit status 1 if it is not registered; the message\n"
          "says what is.\n\n"
          "Examples:\n"
          "  rollcall deregister node\n"
          "  rollcall deregister mysql --instance=db1-3307 --zone=prom.local",
          Join({InstanceSettings(), own, ClientSettings()}),
          &Run};
}

}  // namespace rollcall::app
