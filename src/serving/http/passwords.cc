#include "serving/http/passwords.h"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

namespace rollcall::serving::http {
namespace {

constexpr std::size_t kMostKnown = 1024;

std::string Bcrypt(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();  // 32 KiB: too much for a stack
  const char* const hash = crypt_r(password.c_str(), setting.c_str(), data.get());
  return hash == nullptr ? std::string() : std::string(hash);
}

bool SameHash(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<void> CheckBcrypt(std::string_view hash) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto base64 = [&](char c) {
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
  };
  const bool form = hash.size() == 60 && hash.starts_with("$2") &&
                    (hash[2] == 'a' || hash[2] == 'b' || hash[2] == 'y') && hash[3] == '$' &&
                    digit(hash[4]) && digit(hash[5]) && hash[6] == '$' &&
                    std::all_of(hash.begin() + 7, hash.end(), base64);
  if (!form) return Fail(ErrorCode::kInvalid, "it is no bcrypt hash, as `htpasswd -nB` makes them");
  const int cost = (hash[4] - '0') * 10 + hash[5] - '0';
  if (cost < 4 || cost > kMostBcryptCost) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("a bcrypt hash of cost {}; this server takes 4 to {}", cost, kMostBcryptCost));
  }
  return {};
}

Passwords::Passwords() {
  RAND_bytes(secret_.data(), static_cast<int>(secret_.size()));
}

Passwords::Key Passwords::KeyOf(std::string_view user, std::string_view hash,
                                std::string_view password) const {
  // Neither a user's name nor a hash has a zero octet in it.
  const std::string text = fmt::format("{}{}{}{}{}", user, '\0', hash, '\0', password);
  Key key{};
  unsigned size = key.size();
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data(), &size);
  return key;
}

bool Passwords::Known(const Users& users, const std::string& user,
                      const std::string& password) const {
  const auto found = users.find(user);
  if (found == users.end()) return false;
  return known_.Lock()->contains(KeyOf(user, found->second, password));
}

bool Passwords::Check(const Users& users, const std::string& user, const std::string& password) {
  if (users.empty()) return false;
  const auto found = users.find(user);
  const bool there = found != users.end();
  const std::string& hash = there ? found->second : users.begin()->second;
  bool right = false;
  {
    const std::lock_guard one(computing_);
    right = SameHash(Bcrypt(password, hash), hash) && there;
  }
  if (!right) return false;
  auto known = known_.Lock();
  if (known->size() >= kMostKnown) known->clear();
  known->insert(KeyOf(user, hash, password));
  return true;
}

}  // namespace rollcall::serving::http
