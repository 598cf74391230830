// Any key below the prefix: a name that leads back to itself, or a reason why not.
#include <string>
#include <string_view>

#include "model/key.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  constexpr std::string_view kPrefix = "/skydns";
  std::string key(kPrefix);
  key += '/';
  key.append(reinterpret_cast<const char*>(data), size);
  const auto name = model::NameOf(kPrefix, key);
  if (!name) {
    REQUIRE(name.error().flaw == model::Flaw::kKey && !name.error().message.empty());
    return 0;
  }
  const auto back = model::KeyOf(kPrefix, *name);
  if (!back) return 0;  // an escaped slash within a label
  const auto again = model::NameOf(kPrefix, *back);
  REQUIRE(again.has_value() && *again == *name);
  const auto same = model::KeyOf(kPrefix, *again);
  REQUIRE(same.has_value() && *same == *back);
  return 0;
}
