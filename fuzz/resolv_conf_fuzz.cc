// The first line is a name, the rest a resolv.conf: its names are whole, and one is the name.

#include <algorithm>
#include <string_view>

#include "doctor/resolv_conf.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const auto conf = rollcall::doctor::ParseResolvConf(text.substr(std::min(line + 1, text.size())));
  REQUIRE(conf.ndots <= 15);
  const auto names = rollcall::doctor::NameList(conf, text.substr(0, line));
  REQUIRE(!names.empty() && names.size() <= conf.search.size() + 1);
  for (const auto& name : names) {
    REQUIRE(name.ends_with('.'));
    if (name.find('\\') != std::string::npos) continue;  // its dot may be an escaped one, as in Go
    REQUIRE(rollcall::doctor::NameList(conf, name) == std::vector<std::string>{name});
  }
  const bool is_first = names.front().starts_with(text.substr(0, line));
  REQUIRE(is_first);
  return 0;
}
