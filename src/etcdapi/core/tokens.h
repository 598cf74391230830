// What clients show instead of a password once they have logged in.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace rollcall::etcdapi {

class Tokens {
 public:
  Tokens(std::chrono::seconds life, std::size_t most) : life_(life), most_(most) {}

  // Drawn by chance.  Where there are too many, the one that was not used for the
  // longest time goes.
  [[nodiscard]] std::string Issue(std::string user, SteadyTime now);
  // Whose it is; it lives on from now.  Nothing: unknown, or its time is over.
  [[nodiscard]] std::optional<std::string> Use(std::string_view token, SteadyTime now);
  // Those of the users for which `gone` holds.
  void Drop(const std::function<bool(const std::string& user)>& gone);
  [[nodiscard]] std::size_t size() const { return tokens_.size(); }

 private:
  struct Token {
    std::string user;
    SteadyTime end;
  };
  void MakeRoom(SteadyTime now);

  const std::chrono::seconds life_;
  const std::size_t most_;
  std::map<std::string, Token, std::less<>> tokens_;
};

}  // namespace rollcall::etcdapi
