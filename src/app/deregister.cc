// rollcall deregister SERVICE

#include "app/lost_for.h"
#include "app/orders.h"
#include "app/server_api.h"

namespace rollcall::app {
namespace {

int RunDeregister(const Invocation& invocation) {
  if (invocation.settings.IsGiven("lost-for")) return DeregisterLost(invocation);
  if (invocation.settings.IsGiven("server")) {
    return Report(invocation.settings.Wrong("server", "goes with --lost-for only").value());
  }
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const auto order = ReadOrder(invocation, **session, Verb::kDeregister);
  if (!order) return Report(order.error());
  return Submit(**session, *order, invocation.settings.Switch("require-store"));
}

}  // namespace

Command DeregisterCommand() {
  const std::vector<Setting> own = {
      {"address", "IP", "",
       "Only if it is registered with this address (or EXPORTER_ADDRESS), and --port if given."},
      {"require-store", "", "", "Fail if the store is away, instead of keeping the order."},
  };
  return {
      "deregister",
      "SERVICE",
      0,
      1,
      "Takes a registration away, and leaves a mark that it was meant.",
      "SERVICE defaults to EXPORTER_TYPE. Exit status 1 if it is not registered, and the message\n"
      "says what is; or if it is registered with another address than the one given. With the\n"
      "store away the order is kept on disk, a warning is printed, and the exit status is 0.\n\n"
      "With --lost-for it shows what has been lost for longer, in a table, and takes it away once\n"
      "you say yes; what is in maintenance stays, and what has come back meanwhile. Exit status 1\n"
      "if something could not be taken away.\n\n"
      "Examples:\n"
      "  rollcall deregister node --reason='moved to r13'\n"
      "  rollcall deregister mysql --instance=db1-3307 --zone=prom.local\n"
      "  rollcall deregister --lost-for=7d node\n"
      "  rollcall deregister --lost-for=7d node --server=http://127.0.0.1:9530",
      Join({own,
            {ReasonSetting()},
            LostForSettings(),
            ServerInsteadSettings(),
            InstanceSettings(),
            ClientSettings()}),
      &RunDeregister,
      "The service: node, node.a, mysql."};
}

}  // namespace rollcall::app
