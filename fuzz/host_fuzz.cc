// Any `host` member: an address, or a name that is well-formed.
#include <string_view>

#include "model/service.h"
#include "require.h"
#include "wire/name.h"

namespace {

using namespace rollcall;

// `wire` is one whole name.
bool IsName(std::string_view wire) {
  if (wire.empty() || wire.size() > wire::kMaxNameSize) return false;
  std::size_t at = 0;
  while (at < wire.size() && wire[at] != 0) {
    const auto length = static_cast<unsigned char>(wire[at]);
    if (length > wire::kMaxLabelSize) return false;
    at += 1 + length;
  }
  return at + 1 == wire.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto host = model::ClassifyHost(text);
  if (!host) {
    REQUIRE(host.error().flaw == model::Flaw::kHost && !host.error().message.empty());
    return 0;
  }
  REQUIRE((host->kind == model::HostKind::kNone) == text.empty());
  if (host->kind != model::HostKind::kName) return 0;
  REQUIRE(IsName(host->name));
  const std::string again = wire::NameView(host->name).ToText();
  const auto same = model::ClassifyHost(again);
  REQUIRE(same.has_value() && same->kind == model::HostKind::kName && same->name == host->name);
  return 0;
}
