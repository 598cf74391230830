#include "app/store_options.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/quote.h"
#include "model/key.h"
#include "registry/validate.h"
#include "store/etcd/core/url.h"
#include "wire/name.h"

namespace rollcall::app {
namespace {

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool IsIpLiteral(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// A domain for discovery: neither URL nor HOST:PORT nor address.
bool IsDomain(const std::string& text) {
  return text.find_first_of(":/,") == std::string::npos && !IsIpLiteral(text) &&
         text != "localhost";
}

Result<std::string> ReadEndpoint(std::string text) {
  if (text.find("://") == std::string::npos) {
    if (IsIpLiteral(text)) {
      text = text.find(':') == std::string::npos ? text + ":2379" : "[" + text + "]:2379";
    } else if (text.find(':') == std::string::npos) {
      text += ":2379";
    }
    text = "http://" + text;
  }
  if (const auto parts = SplitEndpoint(text); !parts) return Fail(parts.error());
  while (text.ends_with('/')) text.pop_back();
  return text;
}

Result<void> ReadEndpoints(const Settings& settings, const std::vector<std::string>& texts,
                           StoreOptions& options) {
  for (const std::string& text : texts) {
    for (const std::string& part : SplitAtCommas(text)) {
      auto endpoint = ReadEndpoint(part);
      if (!endpoint) return settings.Wrong("etcd.endpoint", endpoint.error().message);
      options.etcd.endpoints.push_back(std::move(*endpoint));
    }
  }
  if (options.etcd.endpoints.empty())
    return settings.Wrong("etcd.endpoint", "no endpoint is named");
  return {};
}

Result<void> CheckDomain(const Settings& settings, const std::string& name,
                         const std::string& domain) {
  if (registry::CheckService(domain.substr(0, domain.size() - domain.ends_with('.')))) return {};
  return settings.Wrong(name, fmt::format("{} is not a domain, such as prom.local", Quote(domain)));
}

Result<void> ReadWhere(const Settings& settings, bool use_environment, StoreOptions& options) {
  if (settings.IsGiven("etcd.discovery-srv")) {
    if (settings.IsGiven("etcd.endpoint")) {
      return settings.Wrong("etcd.discovery-srv", "endpoints are named as well; give one of both");
    }
    options.discovery_srv = settings.Text("etcd.discovery-srv");
    return CheckDomain(settings, "etcd.discovery-srv", options.discovery_srv);
  }
  const char* variable = use_environment ? std::getenv("ETCD_ENDPOINT") : nullptr;
  if (settings.IsGiven("etcd.endpoint") || variable == nullptr || *variable == '\0') {
    return ReadEndpoints(settings, settings.All("etcd.endpoint"), options);
  }
  if (IsDomain(variable)) {
    options.discovery_srv = variable;
    Settings named({Setting{"etcd.discovery-srv", "DOMAIN", "", ""}});
    named.Set("etcd.discovery-srv", {{variable}, "ETCD_ENDPOINT"});
    return CheckDomain(named, "etcd.discovery-srv", options.discovery_srv);
  }
  Settings named({Setting{"etcd.endpoint", "URL", "", ""}});
  named.Set("etcd.endpoint", {{variable}, "ETCD_ENDPOINT"});
  return ReadEndpoints(named, {variable}, options);
}

// Said at once, rather than by a store that seems to be away.
Result<void> CheckReadable(const Settings& settings, const std::string& name) {
  const std::string file = settings.Text(name);
  if (file.empty() || access(file.c_str(), R_OK) == 0) return {};
  return settings.Wrong(name, fmt::format("{} cannot be read: {}", file, std::strerror(errno)));
}

// The first line, without its end.
Result<std::string> ReadPassword(const Settings& settings, const std::string& file) {
  if (auto ok = CheckReadable(settings, "etcd.password-file"); !ok) return Fail(ok.error());
  std::error_code error;
  std::ifstream in(file);
  std::string line;
  if (std::filesystem::is_directory(file, error) || !std::getline(in, line) || line.empty()) {
    return settings.Wrong("etcd.password-file", fmt::format("{} has no first line", file));
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

std::string StoreOptions::Identity() const {
  if (!discovery_srv.empty()) return "srv:" + discovery_srv;
  std::vector<std::string> sorted = etcd.endpoints;
  std::sort(sorted.begin(), sorted.end());
  return fmt::format("{}", fmt::join(sorted, ","));
}

std::vector<Setting> StoreSettings() {
  return {
      {"etcd.endpoint", "URL", "http://127.0.0.1:2379",
       "Endpoint of the etcd cluster. Repeat it for each member.", true},
      {"etcd.discovery-srv", "DOMAIN", "",
       "Find the endpoints by _etcd-client-ssl._tcp and _etcd-client._tcp SRV records."},
      {"etcd.cacert", "FILE", "", "PEM of the authorities that vouch for the servers."},
      {"etcd.cert", "FILE", "", "PEM of the client certificate."},
      {"etcd.key", "FILE", "", "PEM of its private key."},
      {"etcd.user", "NAME", "", "User to log in as."},
      {"etcd.password-file", "FILE", "", "File with the user's password."},
      {"prefix", "KEY", "/skydns", "Key below which the registrations lie."},
  };
}

Result<StoreOptions> ReadStoreOptions(const Settings& settings, bool use_environment) {
  StoreOptions options;
  if (auto ok = ReadWhere(settings, use_environment, options); !ok) return Fail(ok.error());
  options.etcd.ca_file = settings.Text("etcd.cacert");
  options.etcd.cert_file = settings.Text("etcd.cert");
  options.etcd.key_file = settings.Text("etcd.key");
  if (options.etcd.cert_file.empty() != options.etcd.key_file.empty()) {
    return settings.Wrong("etcd.cert", "certificate and key (--etcd.key) go together");
  }
  for (const char* name : {"etcd.cacert", "etcd.cert", "etcd.key"}) {
    if (auto ok = CheckReadable(settings, name); !ok) return Fail(std::move(ok.error()));
  }
  store::etcd::Options ca;
  ca.ca_file = options.etcd.ca_file;
  if (const auto ok = store::etcd::CheckFiles(ca); !ok) {
    return settings.Wrong("etcd.cacert", ok.error().message);
  }
  if (const auto ok = store::etcd::CheckFiles(options.etcd); !ok) {
    return settings.Wrong("etcd.cert", ok.error().message);
  }
  options.etcd.user = settings.Text("etcd.user");
  const std::string file = settings.Text("etcd.password-file");
  if (options.etcd.user.empty() != file.empty()) {
    return settings.Wrong("etcd.user", "user and --etcd.password-file go together");
  }
  if (!file.empty()) {
    auto password = ReadPassword(settings, file);
    if (!password) return Fail(password.error());
    options.etcd.password = std::move(*password);
    options.etcd.password_file = file;  // so that a new one needs no restart
  }
  return options;
}

Setting ZoneSetting() {
  return {"zone", "ZONE", "prom.internal", "Zone in which the services are."};
}

Result<registry::Layout> ReadLayout(const Settings& settings) {
  registry::Layout layout;
  layout.prefix = model::NormalizePrefix(settings.Text("prefix"));
  const std::string zone = settings.Text("zone");
  const auto name = wire::Name::FromText(zone);
  if (!name) return settings.Wrong("zone", name.error().message);
  if (!registry::CheckService(zone.substr(0, zone.size() - zone.ends_with('.')))) {
    return settings.Wrong(
        "zone", fmt::format("{} is not the name of a zone, such as prom.local", Quote(zone)));
  }
  layout.zone = name->ToText();
  layout.zone.pop_back();  // the final dot
  if (const char* base = std::getenv("ETCD_BASE_PATH"); base != nullptr) {
    layout.base_path = model::NormalizePrefix(base);
  }
  return layout;
}

Result<HostPort> SplitEndpoint(const std::string& url) {
  // Not repeated in the message: it would hold the password.
  if (url.find('@') != std::string::npos) {
    return Fail(ErrorCode::kInvalid,
                "an endpoint holds a user; give it by --etcd.user and --etcd.password-file");
  }
  const auto endpoint = store::etcd::ParseEndpoint(url);
  if (!endpoint) return Fail(endpoint.error());
  const std::string& target = endpoint->target;  // HOST:PORT, the brackets of IPv6 kept
  const std::size_t colon = target.rfind(':');
  HostPort parts{target.substr(0, colon), target.substr(colon + 1)};
  if (parts.host.starts_with('[')) parts.host = parts.host.substr(1, parts.host.size() - 2);
  return parts;
}

}  // namespace rollcall::app
