// A request to Consul's API: refused with a sentence, or within its bounds.
#include <algorithm>

#include "lines.h"
#include "require.h"
#include "serving/sd/consul_ask.h"

using namespace rollcall;
using namespace rollcall::serving;

// The first line is the service.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const answer::Zones zones({.names = {wire::Name::FromText("prom.internal").value(),
                                              wire::Name::FromText("dc2.internal").value()}});
  const auto [service, parameters] = ReadLines(data, size);
  const auto ask = sd::ParseConsulAsk(zones, parameters);
  if (!ask) {
    REQUIRE(ask.error().status == 400 || ask.error().status == 500);
    REQUIRE(!ask.error().text.empty() && ask.error().text.size() < 1000);
    return 0;
  }
  REQUIRE(ask->wait.count() >= 0 && ask->wait <= sd::kMostWait);
  REQUIRE(std::is_sorted(ask->tags.begin(), ask->tags.end()));
  if (const auto choice = sd::ParseServiceName(*ask->zone, service)) {
    REQUIRE(choice->name.view().IsAtOrBelow(ask->zone->name));
    REQUIRE(choice->shards == 0 || choice->shard < choice->shards);
  } else {
    REQUIRE(choice.error().status == 400 && !choice.error().text.empty());
  }
  return 0;
}
