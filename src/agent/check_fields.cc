#include "agent/check_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/check_url.h"
#include "base/quote.h"
#include "yaml/fields.h"

namespace rollcall::agent {

using yaml::Wrong;

Result<void> FinishCheck(const YAML::Node& node, const std::string& file, const std::string& type,
                         CheckSpec& check) {
  struct Kind {
    std::string_view name;
    CheckSpec::Type type;
    std::string_view field;  // what it takes, and no other type
  };
  constexpr Kind kKinds[] = {{"none", CheckSpec::Type::kNone, ""},
                             {"http", CheckSpec::Type::kHttp, "url"},
                             {"tcp", CheckSpec::Type::kTcp, "address"},
                             {"command", CheckSpec::Type::kCommand, "command"}};
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                        [&](const Kind& k) { return k.name == type; });
  if (kind == std::end(kKinds)) {
    return Wrong(file, node,
                 fmt::format("check.type: {} is none of none, http, tcp, command", Quote(type)));
  }
  check.type = kind->type;
  for (const auto& [field, given] :
       {std::pair("url", !check.url.empty()), std::pair("address", !check.address.empty()),
        std::pair("command", !check.command.empty())}) {
    if (given == (kind->field == field)) continue;
    return Wrong(
        file, node,
        fmt::format("a check of type {} {} check.{}", type, given ? "takes no" : "wants", field));
  }
  if (check.type == CheckSpec::Type::kHttp) {
    if (const auto url = ParseCheckUrl(check.url); !url) {
      return Wrong(file, node, fmt::format("check.url: {}", url.error().message));
    }
  }
  if (check.type == CheckSpec::Type::kTcp) {
    if (const auto place = ParseHostPort(check.address); !place) {
      return Wrong(file, node, fmt::format("check.address: {}", place.error().message));
    }
  }
  if (check.timeout > check.interval) {
    return Wrong(file, node, "check.timeout is longer than check.interval");
  }
  return {};
}

}  // namespace rollcall::agent
