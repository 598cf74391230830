#include "etcdapi/core/gate.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <utility>

namespace rollcall::etcdapi {
namespace {

// Between two looks at the file.
constexpr std::chrono::seconds kLookPause{1};
constexpr std::size_t kSecretSize = 32;

std::string DrawSecret() {
  std::string secret(kSecretSize, '\0');
  const bool drawn = RAND_bytes(reinterpret_cast<unsigned char*>(secret.data()),
                                static_cast<int>(secret.size())) == 1;
  return drawn ? secret : std::string();
}

tl::unexpected<Error> WrongPassword() {
  return Fail(ErrorCode::kRefused, "authentication failed, invalid user ID or password");
}

}  // namespace

Result<std::unique_ptr<Gate>> Gate::Open(const Options& options, const Clock& clock) {
  State state(options);
  if (!options.users_file.empty()) {
    auto file = UsersFile::Open(options.users_file);
    if (!file) return Fail(std::move(file.error()));
    state.file = *std::move(file);
    state.next_look = clock.Now() + kLookPause;
  }
  return std::unique_ptr<Gate>(new Gate(std::move(state), clock));
}

Gate::Gate(State state, const Clock& clock)
    : clock_(clock),
      has_users_(state.file.has_value()),
      secret_(DrawSecret()),
      state_(std::in_place, std::move(state)) {
}

void Gate::Refresh(State& state) const {
  const SteadyTime now = clock_.Now();
  if (now < state.next_look) return;
  state.next_look = now + kLookPause;
  const Users before = state.file->users();
  if (!state.file->Refresh()) return;
  state.digests.clear();
  // Who has gone, or got another password, has to show it.
  state.tokens.Drop([&](const std::string& user) {
    return before.HashOf(user) != state.file->users().HashOf(user);
  });
}

Result<void> Gate::Admit(const Caller& caller) {
  if (!has_users_) return {};
  auto state = state_.Lock();
  Refresh(*state);
  if (caller.token) {
    if (state->tokens.Use(*caller.token, clock_.Now())) return {};
    return Fail(ErrorCode::kRefused, "invalid auth token");
  }
  if (caller.common_name.empty()) return Fail(ErrorCode::kInvalid, "user name is empty");
  if (!state->file->users().HashOf(caller.common_name).empty()) return {};
  return Fail(ErrorCode::kRefused, "permission denied");
}

std::string Gate::DigestOf(const std::string& name, const std::string& password) const {
  const std::string both = name + '\0' + password;
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const bool made =
      !secret_.empty() && HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
                               reinterpret_cast<const unsigned char*>(both.data()), both.size(),
                               reinterpret_cast<unsigned char*>(digest.data()), &size) != nullptr;
  digest.resize(made ? size : 0);
  return digest;
}

std::optional<std::string> Gate::LogInAgain(const std::string& name, const std::string& password) {
  if (!has_users_) return std::nullopt;
  const std::string digest = DigestOf(name, password);
  auto state = state_.Lock();
  Refresh(*state);
  const auto known = state->digests.find(name);
  if (known == state->digests.end() || digest.empty() || known->second.size() != digest.size() ||
      CRYPTO_memcmp(known->second.data(), digest.data(), digest.size()) != 0) {
    return std::nullopt;
  }
  return state->tokens.Issue(name, clock_.Now());
}

Result<std::string> Gate::LogIn(const std::string& name, const std::string& password) {
  if (!has_users_) return Fail(ErrorCode::kInvalid, "authentication is not enabled");
  if (auto token = LogInAgain(name, password)) return *std::move(token);
  std::string hash;
  std::string any;
  {
    auto state = state_.Lock();
    hash = state->file->users().HashOf(name);
    any = state->file->users().AnyHash();
  }
  const bool right = IsPasswordOf(hash.empty() ? any : hash, password);
  if (!right || hash.empty()) return WrongPassword();
  auto state = state_.Lock();
  if (state->file->users().HashOf(name) != hash) return WrongPassword();  // changed meanwhile
  state->digests[name] = DigestOf(name, password);
  return state->tokens.Issue(name, clock_.Now());
}

}  // namespace rollcall::etcdapi
