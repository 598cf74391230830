// The bodies of writes: read into what `registry` can judge, or refused in a sentence.
#include <algorithm>
#include <string_view>

#include "model/service.h"
#include "require.h"
#include "serving/api/body.h"

using namespace rollcall;

namespace {

template <typename Body>
void CheckRefusal(const Result<Body>& body) {
  if (body) return;
  REQUIRE(body.error().code == ErrorCode::kInvalid);
  REQUIRE(!body.error().message.empty() && body.error().message.size() < 1024);
  // One line of what a client sent, whatever it sent.
  REQUIRE(std::none_of(body.error().message.begin(), body.error().message.end(),
                       [](char c) { return static_cast<unsigned char>(c) < ' '; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto registration = serving::api::ReadRegistrationBody(text);
  CheckRefusal(registration);
  if (registration) {
    const model::Service& value = registration->value;
    REQUIRE(value.port >= 0 && value.port <= 65'535);
    REQUIRE(value.weight >= 0 && value.weight <= 65'535);
    REQUIRE(value.extension.owner.empty() && value.extension.retain.empty());
    REQUIRE(registration->why.size() <= serving::api::kMostWhy);
    // It can be stored, and read again.
    REQUIRE(model::ParseService(model::ToJson(value)).has_value());
  }
  const auto now = WallTime(std::chrono::hours(500'000));
  const auto maintenance = serving::api::ReadMaintenanceBody(text, now);
  CheckRefusal(maintenance);
  if (maintenance) REQUIRE(maintenance->reason.size() <= serving::api::kMostWhy);
  const auto release = serving::api::ReadReleaseBody(text);
  CheckRefusal(release);
  return 0;
}
