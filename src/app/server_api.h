// The API of a running server, as a command asks it.
//
// Threads: a call blocks, for ten seconds at most; one that writes for forty.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/result.h"
#include "http_client/send.h"

namespace rollcall::app {

// --server and what it takes to be let in.
[[nodiscard]] std::vector<Setting> ServerSettings();
// The same for commands that go to the store unless --server is given.
[[nodiscard]] std::vector<Setting> ServerInsteadSettings();

class ServerApi {
 public:
  // kInvalid, with the setting: no such URL, a file that cannot be read, a token and a user.
  [[nodiscard]] static Result<ServerApi> Open(const Settings& settings);

  // `path`: with its query, escaped.  The answer's `data`.
  // kNotFound and kInvalid: the server says so (404, 400).  kRefused: 401, 403.  kUnavailable:
  // any other status, no answer, or one that is not of an API.
  [[nodiscard]] Result<boost::json::value> Get(const std::string& path) const;
  // The same with another method.  `body`: null: it has none.  kConflict: 409, 412.
  [[nodiscard]] Result<boost::json::value> Send(std::string_view method, const std::string& path,
                                                const boost::json::value& body) const;

  // What comes of a path without an end, see http_client::Follow().  Errors as those of Get(), and
  // kUnavailable: the server has ended it, or said nothing for longer than its heartbeat.
  [[nodiscard]] Result<void> Follow(const std::string& path, const http_client::Take& take) const;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  ServerApi() = default;
  [[nodiscard]] Result<http_client::Request> MakeRequest(std::string_view method,
                                                         const std::string& path) const;
  [[nodiscard]] Error Named(const Error& error) const;

  std::string url_;  // as given, without a slash at its end
  http_client::Tls tls_;
  std::string authorization_;
};

}  // namespace rollcall::app
