// `serve --web.config.file`: TLS, users and headers of the HTTP side, in the format of
// Prometheus's exporter-toolkit.  `promtool check web-config` accepts what is accepted here (as far
// as its version knows the field); here some things are refused that it lets pass.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "serving/http/exchange.h"
#include "serving/http/passwords.h"
#include "serving/http/rate_limit.h"
#include "serving/http/tls.h"

namespace rollcall::app {

struct WebConfig {
  std::optional<serving::http::TlsOptions> tls;  // with what stands in the files it names
  std::vector<serving::http::Field> headers;
  serving::http::Users users;
  serving::http::Rate rate;
  std::vector<std::string> files;  // all that it was read from
};

// kInvalid: "FILE:LINE: what is wrong".  That the certificates are sound says TlsContext::Make().
[[nodiscard]] Result<WebConfig> LoadWebConfig(const std::string& path);

}  // namespace rollcall::app
