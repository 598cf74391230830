// What Prometheus's configuration says of discovery that may lead to rollcall.
//
// Not a check of the file, which is promtool's: what is not named here is passed over.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http_client/send.h"

namespace rollcall::doctor {

struct DnsSd {
  std::string job;
  std::vector<std::string> names{};
  std::string type = "SRV";  // in capitals
  std::int64_t port = 0;     // 0: none is given
  std::chrono::milliseconds refresh = std::chrono::seconds(30);
};

// How discovery by HTTP connects.
struct HttpAccess {
  std::string user{};
  std::string password{};
  std::string password_file{};
  std::string scheme = "Bearer";  // of the header Authorization, if there are credentials
  std::string credentials{};
  std::string credentials_file{};
  http_client::Tls tls{};
  bool follow_redirects = true;
  std::vector<std::string> unknown{};  // fields that are not replayed: oauth2, proxy_url
};

struct HttpSd {
  std::string job;
  std::string url{};
  std::chrono::milliseconds refresh = std::chrono::seconds(60);
  HttpAccess access{};
};

struct ConsulSd {
  std::string job;
  std::string server = "localhost:8500";
  std::string scheme = "http";
  std::string path_prefix{};
  std::string token{};
  std::string datacenter{};
  std::string filter{};
  std::vector<std::string> services{};  // none: all
  std::vector<std::string> tags{};
  bool allow_stale = true;
  std::chrono::milliseconds refresh = std::chrono::seconds(30);
  HttpAccess access{};
};

struct PrometheusConfig {
  std::vector<std::string> files{};  // that were read, the first one first
  std::vector<DnsSd> dns{};
  std::vector<HttpSd> http{};
  std::vector<ConsulSd> consul{};
};

// The file, and those that its scrape_config_files name; paths in them are as from the folder of
// the file.  The discovery of its Alertmanagers counts as a job "alertmanagers".
// Fields that are merged in (`<<`) count, as in Prometheus; one that is null is none.
// kInvalid: a file cannot be read, is not YAML, a field is there twice, or one that is needed here
// is not of its type, or there are too many: "FILE:LINE: why".
[[nodiscard]] Result<PrometheusConfig> ReadPrometheusConfig(const std::string& path);

// One text of a file in `folder`; `path` is for messages.  Adds to `config`, but for
// scrape_config_files, which it returns.
[[nodiscard]] Result<std::vector<std::string>> ReadPrometheusText(const std::string& text,
                                                                  const std::string& path,
                                                                  const std::string& folder,
                                                                  PrometheusConfig& config);

}  // namespace rollcall::doctor
