// Bearer tokens: what stands in --web.tokens-file, and whose token one is.
//
// A token itself is kept nowhere, only its SHA-256: it is long and random, so nothing slower is
// needed.  Threads: a value; any number may ask.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "serving/http/access.h"

namespace rollcall::serving::http {

using Digest = std::array<unsigned char, 32>;

[[nodiscard]] Digest Sha256(std::string_view text);
// "sha256:" and 64 hexadecimal digits.  kInvalid: anything else.
[[nodiscard]] Result<Digest> ParseDigest(std::string_view text);

struct Token {
  std::string name;
  Digest digest{};
  bool read = false;
  bool write = false;
  Scope scope = {};
  std::optional<WallTime> expires = {};
};

struct Tokens {
  bool anonymous_read = false;
  std::vector<Token> all = {};

  // As "token:NAME"; nothing: nobody's, or expired.  Takes as long for one as for another.
  [[nodiscard]] std::optional<Identity> Whose(std::string_view token, WallTime now) const;
};

}  // namespace rollcall::serving::http
