// Where a check goes: any text is refused, or taken apart into what makes one request.
#include <algorithm>
#include <string_view>

#include "agent/check_url.h"
#include "require.h"

using namespace rollcall::agent;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = ParseCheckUrl(text)) {
    REQUIRE(url->place.port != 0 && !url->place.host.empty());
    REQUIRE(url->target.starts_with('/'));
    // No end of line and no space: nothing that could be another header.
    for (const std::string& part : {url->target, url->authority, url->place.host}) {
      REQUIRE(std::all_of(part.begin(), part.end(), [](char c) { return c > ' ' && c <= '~'; }));
    }
    const auto again =
        ParseCheckUrl((url->tls ? "https://" : "http://") + url->authority + url->target);
    REQUIRE(again && *again == *url);
  } else {
    REQUIRE(!url.error().message.empty());
  }
  if (const auto place = ParseHostPort(text)) {
    const auto again = ParseHostPort(ToText(*place));
    REQUIRE(again && *again == *place);
  }
  return 0;
}
