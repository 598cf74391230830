#include "doctor/fetch.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/whole_file.h"

namespace rollcall::doctor {
namespace {

constexpr int kMostRedirects = 10;  // Go's
constexpr std::size_t kMostSecret = 64 << 10;

// What stands in a file, without the space around it, as Prometheus takes it.
Result<std::string> Secret(const std::string& text, const std::string& file) {
  if (file.empty()) return text;
  auto secret = ReadWholeFile(file, kMostSecret);
  if (!secret) return Fail(ErrorCode::kInvalid, secret.error().message);
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = secret->find_first_not_of(kSpace);
  if (begin == std::string::npos) return std::string();
  return secret->substr(begin, secret->find_last_not_of(kSpace) + 1 - begin);
}

// The header Authorization; "": none.
Result<std::string> Authorization(const HttpAccess& access) {
  if (!access.user.empty()) {
    const auto password = Secret(access.password, access.password_file);
    if (!password) return Fail(password.error());
    return http_client::BasicAuthorization(access.user, *password);
  }
  const auto credentials = Secret(access.credentials, access.credentials_file);
  if (!credentials) return Fail(credentials.error());
  return credentials->empty() ? std::string() : access.scheme + " " + *credentials;
}

bool IsRedirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Result<http_client::Response> FetchAsPrometheus(const Fetch& fetch, const HttpAccess& access,
                                                std::chrono::milliseconds patience) {
  const auto begin = SystemClock().Now();
  auto url = http_client::ParseUrl(fetch.url);
  if (!url) return Fail(url.error());
  const std::string first = url->authority;
  const auto authorization = Authorization(access);
  if (!authorization) return Fail(authorization.error());
  for (int redirects = 0;; ++redirects) {
    http_client::Request request{.url = *url, .tls = access.tls};
    request.headers = {{"User-Agent", "Prometheus/2 (rollcall doctor)"},
                       {"Accept", "application/json"}};
    request.headers.insert(request.headers.end(), fetch.headers.begin(), fetch.headers.end());
    if (fetch.refresh_header) {
      request.headers.emplace_back(
          "X-Prometheus-Refresh-Interval-Seconds",
          fmt::format("{:g}", static_cast<double>(fetch.refresh.count()) / 1000));
    }
    if (!authorization->empty() && url->authority == first) {
      request.headers.emplace_back("Authorization", *authorization);
    }
    const auto passed = SystemClock().Now() - begin;
    request.patience = patience - std::chrono::duration_cast<std::chrono::milliseconds>(passed);
    auto response = http_client::Send(request);
    if (!response || !access.follow_redirects || !IsRedirect(response->status)) return response;
    if (redirects == kMostRedirects) {
      return Fail(ErrorCode::kUnavailable, fmt::format("more than {} redirects", kMostRedirects));
    }
    url = http_client::Follow(*url, response->Header("Location"));
    if (!url) return Fail(url.error());
  }
}

void JudgeAccess(const HttpAccess& access, Check& check) {
  for (const std::string& field : access.unknown) {
    check.Add(Severity::kWarning, "not_replayed", fmt::format("{} is not replayed here.", field),
              "What is found without it may differ from what Prometheus finds.");
  }
}

}  // namespace rollcall::doctor
