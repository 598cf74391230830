// The head of a request, checked: what Beast lets through and we do not.
//
// A request is refused where a proxy in front of us might see another end of it than we do
// ("smuggling", RFC 9112 sections 6.1, 6.3 and 11.2), or another host.  Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::http {

struct RequestHead {
  std::string method;
  std::string target;
  bool old_version = false;         // HTTP/1.0
  std::vector<Field> headers = {};  // names in lower case
  bool folded = false;              // a field goes on in another line
};

// Of the request: method, path, parameters and headers, where Host is what the target says, if it
// does.  Error: the answer, one sentence in its body; 400, 414, 417, 501.
[[nodiscard]] tl::expected<Request, Response> CheckHead(RequestHead head);

// Whether a body follows.  Requires: CheckHead() let it pass.
[[nodiscard]] bool BodyFollows(const Request& request);

}  // namespace rollcall::serving::http
