// Passwords of basic auth, held against their bcrypt hashes.
//
// A hash takes a tenth of a second by design, so what was right once is remembered: under a key
// made by HMAC from the user, his hash and the password, with a secret of this process.  What was
// wrong is not, or guesses would push out what is right.  A user that is not there costs what one
// that is there does.
//
// Threads: any number.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/result.h"

namespace rollcall::serving::http {

using Users = std::map<std::string, std::string, std::less<>>;  // name: bcrypt hash

inline constexpr int kMostBcryptCost = 16;  // some four seconds

// kInvalid: no bcrypt hash, or one that would take longer than kMostBcryptCost.
[[nodiscard]] Result<void> CheckBcrypt(std::string_view hash);

class Passwords {
 public:
  Passwords();

  // At once: whether this very password was right before.
  [[nodiscard]] bool Known(const Users& users, const std::string& user,
                           const std::string& password) const;
  // Computes it, which takes its time; one at a time, since it takes a whole core.
  [[nodiscard]] bool Check(const Users& users, const std::string& user,
                           const std::string& password);

 private:
  using Key = std::array<unsigned char, 32>;
  [[nodiscard]] Key KeyOf(std::string_view user, std::string_view hash,
                          std::string_view password) const;

  Key secret_{};
  mutable Guarded<std::set<Key>> known_;
  std::mutex computing_;
};

}  // namespace rollcall::serving::http
