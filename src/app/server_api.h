// The API of a running server, as a command asks it.
//
// Threads: a call blocks, for ten seconds at most.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/result.h"
#include "http_client/get.h"

namespace rollcall::app {

// --server and what it takes to be let in.
[[nodiscard]] std::vector<Setting> ServerSettings();

class ServerApi {
 public:
  // kInvalid, with the setting: no such URL, a file that cannot be read, a token and a user.
  [[nodiscard]] static Result<ServerApi> Open(const Settings& settings);

  // `path`: with its query, escaped.  The answer's `data`.
  // kNotFound and kInvalid: the server says so (404, 400).  kRefused: 401, 403.  kUnavailable:
  // any other status, no answer, or one that is not of an API.
  [[nodiscard]] Result<boost::json::value> Get(const std::string& path) const;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  ServerApi() = default;
  std::string url_;  // as given, without a slash at its end
  http_client::Tls tls_;
  std::string authorization_;
};

}  // namespace rollcall::app
