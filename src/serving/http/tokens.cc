#include "serving/http/tokens.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <charconv>

namespace rollcall::serving::http {

Digest Sha256(std::string_view text) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

Result<Digest> ParseDigest(std::string_view text) {
  constexpr std::string_view kScheme = "sha256:";
  Digest digest{};
  bool good = text.starts_with(kScheme) && text.size() == kScheme.size() + 2 * digest.size();
  for (std::size_t i = 0; good && i < digest.size(); ++i) {
    const char* const from = text.data() + kScheme.size() + 2 * i;
    good = std::from_chars(from, from + 2, digest[i], 16).ptr == from + 2;
  }
  if (!good) {
    return Fail(ErrorCode::kInvalid, "it is not `sha256:` and 64 hexadecimal digits");
  }
  return digest;
}

std::optional<Identity> Tokens::Whose(std::string_view token, WallTime now) const {
  const Digest digest = Sha256(token);
  const Token* found = nullptr;
  for (const Token& one : all) {
    if (CRYPTO_memcmp(one.digest.data(), digest.data(), digest.size()) == 0) found = &one;
  }
  if (found == nullptr || (found->expires && *found->expires <= now)) return std::nullopt;
  return Identity{"token:" + found->name, found->read, found->write, found->scope};
}

}  // namespace rollcall::serving::http
