#include "etcdapi/core/tokens.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

namespace rollcall::etcdapi {
namespace {

// 128 bits that nobody can guess.
std::string Draw() {
  std::array<unsigned char, 16> octets{};
  // Fails only where the system has no random source; then no one is let in.
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) return {};
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char octet : octets) {
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

}  // namespace

std::string Tokens::Issue(std::string user, SteadyTime now) {
  if (tokens_.size() >= most_) MakeRoom(now);
  std::string token = Draw();
  if (!token.empty()) tokens_[token] = {std::move(user), now + life_};
  return token;
}

void Tokens::MakeRoom(SteadyTime now) {
  std::erase_if(tokens_, [now](const auto& entry) { return entry.second.end <= now; });
  if (tokens_.size() < most_) return;
  tokens_.erase(std::min_element(tokens_.begin(), tokens_.end(), [](const auto& a, const auto& b) {
    return a.second.end < b.second.end;
  }));
}

std::optional<std::string> Tokens::Use(std::string_view token, SteadyTime now) {
  const auto it = tokens_.find(token);
  if (it == tokens_.end()) return std::nullopt;
  if (it->second.end <= now) {
    tokens_.erase(it);
    return std::nullopt;
  }
  it->second.end = now + life_;
  return it->second.user;
}

void Tokens::Drop(const std::function<bool(const std::string& user)>& gone) {
  std::erase_if(tokens_, [&](const auto& entry) { return gone(entry.second.user); });
}

}  // namespace rollcall::etcdapi
