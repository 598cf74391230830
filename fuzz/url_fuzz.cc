// A URL, and behind the first line where a redirect leads: what can be asked for, or refused.

#include <algorithm>
#include <string_view>

#include "http_client/url.h"
#include "require.h"

namespace {

using rollcall::http_client::Url;

void Hold(const Url& url) {
  REQUIRE(!url.host.empty() && url.port != 0 && url.target.starts_with('/'));
  for (const std::string& text : {url.authority, url.target}) {
    REQUIRE(std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; }));
  }
  const auto again = rollcall::http_client::ParseUrl(rollcall::http_client::ToText(url));
  REQUIRE(!again || *again == url);  // what was made longer may be too long
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const auto url = rollcall::http_client::ParseUrl(text.substr(0, line));
  if (!url) return 0;
  Hold(*url);
  const auto next =
      rollcall::http_client::Follow(*url, text.substr(std::min(line + 1, text.size())));
  if (next) Hold(*next);
  return 0;
}
