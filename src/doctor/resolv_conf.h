// /etc/resolv.conf as Prometheus reads it, which is not as the C library does.
//
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall::doctor {

struct ResolvConf {
  std::vector<std::string> servers{};  // all of them, in file order
  std::vector<std::string> search{};
  unsigned ndots = 1;  // 0 to 15
};

// Anything is one: what is not understood is passed over.  The last `search` or `domain` counts.
// No nameserver means none, not this host.
[[nodiscard]] ResolvConf ParseResolvConf(std::string_view text);

// The whole names that `name` stands for, with a dot at the end, in the order in which they are
// asked: itself only if it ends with a dot; else first if it has more labels than `ndots`, or
// last.
[[nodiscard]] std::vector<std::string> NameList(const ResolvConf& conf, std::string_view name);

}  // namespace rollcall::doctor
