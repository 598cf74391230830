// `serve --web.tokens-file`: bearer tokens of the HTTP side, each with what it may.
//
//   anonymous: read            # who has no token may read; default: none, he may not
//   tokens:
//     - name: ams1             # for the log, and for who did what
//       hash: sha256:2cf2...   # of the token: printf %s "$token" | sha256sum
//       rights: [read, write]
//       names: [node.prom.internal]   # may write at or below them only; default: any
//       own_address: true      # may write registrations with the writer's own address only
//       expires: 2027-01-01T00:00:00Z
#pragma once

#include <string>

#include "base/result.h"
#include "serving/http/tokens.h"

namespace rollcall::app {

// kInvalid: "FILE:LINE: what is wrong".
[[nodiscard]] Result<serving::http::Tokens> LoadTokens(const std::string& path);

}  // namespace rollcall::app
