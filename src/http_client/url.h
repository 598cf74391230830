// URLs of http and https, as far as one asks for them.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::http_client {

struct Url {
  bool tls = false;        // https
  std::string host;        // a name or an address, IPv6 without its brackets
  std::uint16_t port = 0;  // 80 and 443 where the URL has none
  std::string authority;   // of the header Host: as in the URL
  std::string target;      // path and query: "/sd/node?shard=0/4"

  friend bool operator==(const Url&, const Url&) = default;
};

// kInvalid, in one sentence: another scheme, a user in it, no host, an octet that does not
// belong there (what is written goes into the request as it is), over 8192 octets.  A fragment
// is dropped.
[[nodiscard]] Result<Url> ParseUrl(std::string_view text);
// "http://HOST[:PORT]/PATH?QUERY", which ParseUrl() reads back.
[[nodiscard]] std::string ToText(const Url& url);

// Where `location` of a redirect leads from `url`: whole, or from the root, or from its folder.
[[nodiscard]] Result<Url> Follow(const Url& url, std::string_view location);

// `text` as one part of a path, or as a value of a query: all but letters, digits, `-._~` is
// written as %XX.
[[nodiscard]] std::string Escape(std::string_view text);

}  // namespace rollcall::http_client
