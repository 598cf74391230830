#include "app/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <string>

#include "app/announcer.h"
#include "app/explain_target.h"
#include "app/pending.h"
#include "app/server_api.h"
#include "app/store_options.h"
#include "base/log.h"
#include "http_client/url.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;
using http_client::Response;

// Of a server on this host; who takes longer is stuck.
constexpr std::chrono::milliseconds kPatience{500};
constexpr std::size_t kMostAnswer = 64 << 10;

bool AnyIsGiven(const Settings& settings, const std::vector<Setting>& some) {
  return std::any_of(some.begin(), some.end(), [&](const Setting& setting) {
    return settings.IsGiven(std::string(setting.name));
  });
}

bool StoreIsNamed(const Settings& settings) {
  constexpr std::array kVariables = {"ETCD_ENDPOINT", "ETCD_BASE_PATH"};
  const bool by_environment =
      std::any_of(kVariables.begin(), kVariables.end(), [](const char* variable) {
        const char* const value = std::getenv(variable);
        return value != nullptr && *value != '\0';
      });
  return by_environment || settings.IsGiven("pending.path") ||
         AnyIsGiven(settings, StoreSettings());
}

Result<Response> Ask(http_client::Url url, bool tls) {
  url.tls = tls;
  http_client::Request request{.url = std::move(url), .patience = kPatience};
  request.headers = {{"User-Agent", "rollcall"}, {"Accept", "application/json"}};
  // Nothing is told to whoever it is, and nothing he says is believed but that he is there.
  request.tls.skip_verify = true;
  request.most_body = kMostAnswer;
  return http_client::Send(request);
}

tl::unexpected<Error> NotLetIn(const std::string& server, std::string_view what) {
  return Fail(ErrorCode::kRefused,
              fmt::format("{}: {}; or name the store, by --etcd.endpoint", server, what));
}

Result<Source> AskThere(const std::string& server) {
  const auto url = http_client::ParseUrl(server + "/api/v1/status/runtimeinfo");
  if (!url) return Fail(url.error());
  if (!PortAnswers(url->host, url->port, kPatience)) return Source::kStore;
  const auto response = Ask(*url, false);
  if (!response) {
    // Whoever speaks TLS hangs up on plain HTTP at once.
    if (response.error().code != ErrorCode::kDeadline && Ask(*url, true)) {
      return NotLetIn(server,
                      "a server there wants TLS: say --server=https://NAME:PORT, by a name that "
                      "its certificate is for");
    }
    log::Warn("what listens there answers as no rollcall server does; asking the store",
              {{"url", server}, {"error", response.error().message}});
    return Source::kStore;
  }
  switch (AnswererOf(*response)) {
    case Answerer::kServer:
      log::Debug("asking the server of this host", {{"url", server}});
      return Source::kServer;
    case Answerer::kStaleServer:
      log::Warn("the server has not heard of its store for a while: what it shows may be old",
                {{"url", server}});
      return Source::kServer;
    case Answerer::kNewServer:
      log::Debug("the server knows nothing yet; asking the store", {{"url", server}});
      return Source::kStore;
    case Answerer::kWantsLogin:
      return NotLetIn(server,
                      "the server wants to know who asks: say --server.token-file, or "
                      "--server.user and --server.password-file");
    case Answerer::kOther:
      break;
  }
  log::Warn("what answers there is no rollcall server; asking the store",
            {{"url", server}, {"status", response->status}});
  return Source::kStore;
}

}  // namespace

std::vector<Setting> SourceSettings() {
  std::vector<Setting> settings = ServerSettings();
  settings[0].help =
      "Ask the server there. Without it: the one at the default, if it answers and nothing names "
      "a store; else the store.";
  return settings;
}

Answerer AnswererOf(const Response& response) {
  json::error_code error;
  const json::value parsed = json::parse(response.body, error);
  const auto* const object = error ? nullptr : parsed.if_object();
  if (response.status == 401 || response.status == 403) {
    const bool ours = object != nullptr && object->contains("errorType");
    return ours ? Answerer::kWantsLogin : Answerer::kOther;
  }
  const auto* const data = object == nullptr ? nullptr : object->if_contains("data");
  if (response.status != 200 || data == nullptr || !data->is_object()) return Answerer::kOther;
  const std::string standing = TextIn(data->get_object(), "standing");
  if (standing == "synced") return Answerer::kServer;
  if (standing == "stale") return Answerer::kStaleServer;
  return standing == "never" ? Answerer::kNewServer : Answerer::kOther;
}

Result<Source> ChooseSource(const Settings& settings) {
  if (AnyIsGiven(settings, ServerSettings())) return Source::kServer;
  if (StoreIsNamed(settings)) return Source::kStore;
  if (!Pending(Pending::ChooseDirectory("")).Load().empty()) return Source::kStore;
  return AskThere(settings.Text("server"));
}

}  // namespace rollcall::app
