// Any value: a Service that survives its own JSON, or a reason why not.
#include <string_view>

#include "model/service.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  const auto service = model::ParseService({reinterpret_cast<const char*>(data), size});
  if (!service) {
    REQUIRE(!service.error().message.empty());
    return 0;
  }
  const std::string json = model::ToJson(*service);
  const auto again = model::ParseService(json);
  REQUIRE(again.has_value());
  REQUIRE(model::ToJson(*again) == json);
  REQUIRE(again->host == service->host && again->port == service->port);
  REQUIRE(again->priority == service->priority && again->weight == service->weight);
  REQUIRE(again->text == service->text && again->mail == service->mail);
  REQUIRE(again->ttl == service->ttl && again->target_strip == service->target_strip);
  REQUIRE(again->group == service->group);
  REQUIRE(again->extension.owner == service->extension.owner);
  REQUIRE(again->extension.labels == service->extension.labels);
  REQUIRE(again->extension.tags == service->extension.tags);
  REQUIRE(again->extension.on_loss == service->extension.on_loss);
  return 0;
}
