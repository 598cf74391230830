// A GET as Prometheus makes one.
//
// Threads: any number at once; a call blocks, at most until its deadline.
#pragma once

#include "base/result.h"
#include "doctor/check.h"
#include "doctor/prometheus_config.h"
#include "http_client/send.h"

namespace rollcall::doctor {

struct Fetch {
  std::string url{};
  std::chrono::milliseconds refresh{};  // told, where `refresh_header`
  bool refresh_header = false;
  std::vector<std::pair<std::string, std::string>> headers{};
};

// With Prometheus's User-Agent and Accept, what `access` says, and up to ten redirects, which keep
// the credentials on the same host only.  An answer of any status is one.
// As http_client::Send(); kInvalid: a file with a secret cannot be read, too.
[[nodiscard]] Result<http_client::Response> FetchAsPrometheus(const Fetch& fetch,
                                                              const HttpAccess& access,
                                                              std::chrono::milliseconds patience);

// Warns of what of `access` is not replayed.
void JudgeAccess(const HttpAccess& access, Check& check);

}  // namespace rollcall::doctor
