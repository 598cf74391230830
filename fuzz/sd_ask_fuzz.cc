// A request for /sd/NAME: refused with a sentence and a status that keeps targets, or understood,
// and then it means the same when it is written again.
#include <string>
#include <vector>

#include "lines.h"
#include "require.h"
#include "serving/sd/sd_ask.h"

using namespace rollcall;
using namespace rollcall::serving;

// The first line is the name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const answer::Zones zones({.names = {wire::Name::FromText("prom.internal").value()}});
  const auto [name, parameters] = ReadLines(data, size);
  const auto ask = sd::ParseSdAsk(zones, name, parameters);
  if (!ask) {
    REQUIRE(ask.error().status == 400 || ask.error().status == 404);
    REQUIRE(!ask.error().text.empty() && ask.error().text.size() < 1000);
    return 0;
  }
  REQUIRE(ask->choice.name.view().IsAtOrBelow(ask->zone->name));
  REQUIRE(ask->choice.shards == 0 || ask->choice.shard < ask->choice.shards);
  std::vector<http::Field> again;
  if (ask->choice.healthy) again.push_back({"state", "healthy"});
  if (ask->choice.shards != 0) {
    again.push_back(
        {"shard", std::to_string(ask->choice.shard) + "/" + std::to_string(ask->choice.shards)});
  }
  if (ask->instance_as_dns) again.push_back({"instance", "dns"});
  for (const auto& [label, value] : ask->labels) again.push_back({"label." + label, value});
  const auto same = sd::ParseSdAsk(zones, ask->choice.name.ToText(), again);
  REQUIRE(same && same->Key() == ask->Key());
  return 0;
}
