#include "app/web_policy.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/web_config.h"
#include "app/web_tokens.h"
#include "base/log.h"

namespace rollcall::app {
namespace {

using serving::http::Policy;
using serving::http::PolicyPtr;
using serving::http::TlsContext;

constexpr std::chrono::seconds kLookPause{1};

// Why the new one must not take the place of the old; "": it may.
std::string_view WhyNot(const Policy& before, const Policy& now) {
  if (before.tls && !now.tls) return "it asks for TLS no longer";
  if (!before.tls && now.tls) return "it asks for TLS, which it did not before";
  if (before.tls && now.tls->IsMoreOpenThan(*before.tls)) {
    return "it asks for less of its clients' certificates";
  }
  if (!before.users.empty() && now.users.empty()) return "it asks for passwords no longer";
  return "";
}

}  // namespace

WebPolicy::Stamp WebPolicy::Look(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return {path, -1, -1, -1};
  return {path, static_cast<std::int64_t>(found.st_ino), found.st_size,
          found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec};
}

Result<PolicyPtr> WebPolicy::Read(std::vector<std::string>& paths) const {
  auto policy = std::make_shared<Policy>();
  if (!files_.tokens.empty()) {
    paths.push_back(files_.tokens);
    auto tokens = LoadTokens(files_.tokens);
    if (!tokens) return Fail(std::move(tokens.error()));
    policy->tokens = *std::move(tokens);
  }
  if (files_.config.empty()) return policy;
  auto config = LoadWebConfig(files_.config);
  if (!config) {
    paths.push_back(files_.config);
    return Fail(std::move(config.error()));
  }
  paths.insert(paths.end(), config->files.begin(), config->files.end());
  policy->headers = std::move(config->headers);
  policy->users = std::move(config->users);
  policy->rate = config->rate;
  if (!config->tls) return policy;
  auto tls = TlsContext::Make(*config->tls);
  if (!tls) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: tls_server_config: {}", files_.config, tls.error().message));
  }
  policy->tls = *std::move(tls);
  return policy;
}

Result<std::unique_ptr<WebPolicy>> WebPolicy::Load(Files files, const Clock& clock) {
  std::unique_ptr<WebPolicy> made(new WebPolicy(std::move(files), clock));
  std::vector<std::string> paths;
  auto policy = made->Read(paths);
  if (!policy) return Fail(std::move(policy.error()));
  *made->current_.Lock() = *policy;
  made->last_good_at_ = clock.WallNow();
  auto state = made->state_.Lock();
  state->policy = *std::move(policy);
  for (const std::string& path : paths) state->stamps.push_back(Look(path));
  state->next_look = clock.Now() + kLookPause;
  return made;
}

PolicyPtr WebPolicy::Now() {
  if (auto state = state_.TryLock()) {
    const SteadyTime now = clock_.Now();
    if (now >= (*state)->next_look) {
      (*state)->next_look = now + kLookPause;
      if (HasChanged(**state)) (void)Reload(**state);  // it has told the log
    }
  }
  return *current_.Lock();
}

Result<void> WebPolicy::ReloadNow() {
  auto state = state_.Lock();
  state->next_look = clock_.Now() + kLookPause;
  return Reload(*state);
}

bool WebPolicy::HasChanged(const State& state) {
  return !std::all_of(state.stamps.begin(), state.stamps.end(),
                      [](const Stamp& stamp) { return Look(stamp.path) == stamp; });
}

Result<void> WebPolicy::Reload(State& state) {
  // As they were before they are read: what changes meanwhile is read once more.
  std::vector<Stamp> stamps;
  for (const Stamp& stamp : state.stamps) stamps.push_back(Look(stamp.path));
  std::vector<std::string> paths;
  auto policy = Read(paths);
  for (const std::string& path : paths) {
    const bool known = std::any_of(stamps.begin(), stamps.end(),
                                   [&](const Stamp& stamp) { return stamp.path == path; });
    if (!known) stamps.push_back(Look(path));
  }
  state.stamps = std::move(stamps);
  std::string why = policy ? std::string(WhyNot(*state.policy, **policy)) : policy.error().message;
  if (!why.empty()) {
    last_reload_good_ = false;
    ++failed_reloads_;
    log::Error("the web configuration stays as it was", {{"why", why}});
    return Fail(ErrorCode::kInvalid, std::move(why));
  }
  log::Info("the web configuration was read again");
  state.policy = *policy;
  *current_.Lock() = *std::move(policy);
  last_reload_good_ = true;
  last_good_at_ = clock_.WallNow();
  return {};
}

}  // namespace rollcall::app
