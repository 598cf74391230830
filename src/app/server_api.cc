#include "app/server_api.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/explain_target.h"
#include "app/table.h"
#include "base/quote.h"
#include "base/whole_file.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostSecret = 64 << 10;
constexpr std::chrono::seconds kPatience{10};
// A server may write for thirty of them (protection/release).
constexpr std::chrono::seconds kWritePatience{40};
// It says something every fifteen of them.
constexpr std::chrono::seconds kSilence{40};

// The first line of a file that holds a secret.
Result<std::string> ReadSecret(const Settings& settings, const std::string& name) {
  auto text = ReadWholeFile(settings.Text(name), kMostSecret);
  if (!text) return settings.Wrong(name, text.error().message);
  text->resize(std::min(text->find_first_of("\r\n"), text->size()));
  if (text->empty()) return settings.Wrong(name, "the file is empty");
  return *text;
}

Result<std::string> ReadAuthorization(const Settings& settings) {
  const bool token = settings.IsGiven("server.token-file");
  const std::string user = settings.Text("server.user");
  if (token && !user.empty()) {
    return settings.Wrong("server.token-file", "does not go with --server.user");
  }
  if (token) {
    const auto secret = ReadSecret(settings, "server.token-file");
    if (!secret) return Fail(secret.error());
    return "Bearer " + *secret;
  }
  if (user.empty()) return std::string();
  if (!settings.IsGiven("server.password-file")) {
    return settings.Wrong("server.user", "wants --server.password-file beside it");
  }
  const auto secret = ReadSecret(settings, "server.password-file");
  if (!secret) return Fail(secret.error());
  return http_client::BasicAuthorization(user, *secret);
}

ErrorCode CodeOf(unsigned status) {
  switch (status) {
    case 400:
      return ErrorCode::kInvalid;
    case 401:
    case 403:
      return ErrorCode::kRefused;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
    case 412:
      return ErrorCode::kConflict;
    default:
      return ErrorCode::kUnavailable;
  }
}

// What it says instead of an answer.
Error ErrorOf(const http_client::Response& response) {
  json::error_code error;
  const json::value parsed = json::parse(response.body, error);
  const auto* const object = error ? nullptr : parsed.if_object();
  const std::string said = object == nullptr ? "" : TextIn(*object, "error");
  ErrorCode code = CodeOf(response.status);
  std::string why = said.empty() ? fmt::format("status {}", response.status) : said;
  if (object == nullptr && response.status == 200) why = "that is no API of rollcall's";
  if (object == nullptr && response.status != 200) {
    why += ": " + Quote(response.body.substr(0, 200));
  }
  // Of a proxy whose server is away, it says nothing about what is registered.
  if (code == ErrorCode::kNotFound && said.empty()) code = ErrorCode::kUnavailable;
  Clean(why);  // it goes to a terminal
  return {code, why};
}

}  // namespace

std::vector<Setting> ServerSettings() {
  return {
      {"server", "URL", "http://127.0.0.1:9530", "The server that is asked."},
      {"server.ca", "FILE", "", "Whom to believe by https; default: whom this system believes."},
      {"server.token-file", "FILE", "", "A token, in the first line of a file."},
      {"server.user", "NAME", "", "As whom to log in, with --server.password-file."},
      {"server.password-file", "FILE", "", "The password, in the first line of a file."},
  };
}

std::vector<Setting> ServerInsteadSettings() {
  std::vector<Setting> settings = ServerSettings();
  settings[0].fallback = "";
  settings[0].help = "Ask the server there (http://127.0.0.1:9530), and not the store.";
  return settings;
}

Result<ServerApi> ServerApi::Open(const Settings& settings) {
  ServerApi api;
  api.url_ = settings.Text("server");
  while (api.url_.ends_with('/')) api.url_.pop_back();
  const auto url = http_client::ParseUrl(api.url_);
  if (!url) return settings.Wrong("server", url.error().message);
  if (api.url_.find_first_of("?#") != std::string::npos) {
    return settings.Wrong("server", "a path of the API is put behind it: no query, no fragment");
  }
  api.tls_.ca_file = settings.Text("server.ca");
  auto authorization = ReadAuthorization(settings);
  if (!authorization) return Fail(authorization.error());
  api.authorization_ = *std::move(authorization);
  return api;
}

Result<json::value> ServerApi::Get(const std::string& path) const {
  return Send("GET", path, nullptr);
}

Result<http_client::Request> ServerApi::MakeRequest(std::string_view method,
                                                    const std::string& path) const {
  auto url = http_client::ParseUrl(url_ + path);
  if (!url) return Fail(url.error());
  http_client::Request request{
      .url = *std::move(url), .method = std::string(method), .tls = tls_, .patience = kPatience};
  request.headers = {{"User-Agent", "rollcall"}};
  if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
  return request;
}

Error ServerApi::Named(const Error& error) const {
  return {error.code, fmt::format("{}: {}", url_, error.message)};
}

Result<json::value> ServerApi::Send(std::string_view method, const std::string& path,
                                    const json::value& body) const {
  auto request = MakeRequest(method, path);
  if (!request) return Fail(request.error());
  if (method != "GET") request->patience = kWritePatience;
  request->headers.emplace_back("Accept", "application/json");
  if (!body.is_null()) {
    request->headers.emplace_back("Content-Type", "application/json");
    request->body = json::serialize(body);
  }
  const auto response = http_client::Send(*request);
  if (!response) return Fail(Named(response.error()));
  json::error_code error;
  const json::value answer = json::parse(response->body, error);
  const auto* object = error ? nullptr : answer.if_object();
  if (response->status == 200 && object != nullptr) {
    if (const auto* data = object->if_contains("data")) return *data;
  }
  return Fail(Named(ErrorOf(*response)));
}

Result<void> ServerApi::Follow(const std::string& path, const http_client::Take& take) const {
  auto request = MakeRequest("GET", path);
  if (!request) return Fail(request.error());
  request->patience = kSilence;
  const auto response = http_client::Follow(*request, take);
  if (!response && response.error().code == ErrorCode::kDeadline) {
    return Fail(Named({ErrorCode::kUnavailable, response.error().message}));
  }
  if (!response) return Fail(Named(response.error()));
  if (response->status != 200) return Fail(Named(ErrorOf(*response)));
  return {};
}

}  // namespace rollcall::app
