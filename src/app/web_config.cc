#include "app/web_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "app/yaml_file.h"
#include "base/quote.h"
#include "base/whole_file.h"
#include "model/duration.h"
#include "yaml/fields.h"

namespace rollcall::app {
namespace {

using serving::http::ClientAuth;
using serving::http::TlsOptions;
using serving::http::TlsVersion;
using yaml::Fields;
using yaml::Wrong;

constexpr std::size_t kMostPem = std::size_t{1} << 20;

template <typename Value>
using Choices = std::vector<std::pair<std::string_view, Value>>;

const Choices<ClientAuth> kClientAuth = {
    {"NoClientCert", ClientAuth::kNone},
    {"RequestClientCert", ClientAuth::kRequest},
    {"RequireClientCert", ClientAuth::kRequireAny},
    {"RequireAnyClientCert", ClientAuth::kRequireAny},
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify}};
const Choices<TlsVersion> kVersions = {{"TLS10", TlsVersion::k10},
                                       {"TLS11", TlsVersion::k11},
                                       {"TLS12", TlsVersion::k12},
                                       {"TLS13", TlsVersion::k13}};
const Choices<std::string_view> kCurves = {
    {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}};
// The headers that may be set, and the values that those have whose value is given.
const Choices<std::vector<std::string_view>> kHeaders = {
    {"Content-Security-Policy", {}},
    {"Strict-Transport-Security", {}},
    {"X-Content-Type-Options", {"nosniff"}},
    {"X-Frame-Options", {"deny", "sameorigin"}},
    {"X-XSS-Protection", {}}};

template <typename Value>
const Value* Find(const Choices<Value>& choices, std::string_view name) {
  const auto found = std::find_if(choices.begin(), choices.end(),
                                  [&](const auto& choice) { return choice.first == name; });
  return found == choices.end() ? nullptr : &found->second;
}

class Loader {
 public:
  Loader(const std::string& path, WebConfig& config) : path_(path), config_(config) {
    config_.files.push_back(path);
  }

  Result<void> Load(const YAML::Node& root) {
    Fields fields(path_, root, "");
    YAML::Node tls;
    YAML::Node http;
    YAML::Node users;
    YAML::Node rate;
    fields.Take("tls_server_config", tls);
    fields.Take("http_server_config", http);
    fields.Take("basic_auth_users", users);
    fields.Take("rate_limit", rate);
    if (auto ok = std::move(fields).Done(); !ok) return ok;
    if (auto ok = Tls(tls); !ok) return ok;
    if (auto ok = Http(http); !ok) return ok;
    if (auto ok = BasicAuth(users); !ok) return ok;
    return RateLimit(rate);
  }

 private:
  // Of one thing that stands here or in a file of its own.
  Result<std::string> Pem(const YAML::Node& at, const char* name, const std::string& text,
                          const std::string& file) {
    if (!text.empty() && !file.empty()) {
      return Wrong(path_, at, fmt::format("both {} and {}_file are given", name, name));
    }
    if (file.empty()) return text;
    const std::string path = (std::filesystem::path(path_).parent_path() / file).string();
    config_.files.push_back(path);
    auto read = ReadWholeFile(path, kMostPem);
    if (!read) return Wrong(path_, at, fmt::format("{}_file: {}", name, read.error().message));
    return read;
  }

  Result<void> Tls(const YAML::Node& node) {
    if (!node.IsDefined() || node.IsNull()) return {};
    TlsOptions tls;
    std::string cert_file;
    std::string key_file;
    std::string client_ca_file;
    std::string auth = "NoClientCert";
    std::string least = "TLS12";
    std::string most = "TLS13";
    std::string prefer = "true";
    std::vector<std::string> curves;
    Fields fields(path_, node, "tls_server_config.");
    fields.Text("cert", tls.certificate);
    fields.Text("key", tls.key);
    fields.Text("client_ca", tls.client_ca);
    fields.Text("cert_file", cert_file);
    fields.Text("key_file", key_file);
    fields.Text("client_ca_file", client_ca_file);
    fields.Text("client_auth_type", auth);
    fields.Texts("client_allowed_sans", tls.allowed_sans);
    fields.OneOf("min_version", least, {"TLS10", "TLS11", "TLS12", "TLS13"});
    fields.OneOf("max_version", most, {"TLS10", "TLS11", "TLS12", "TLS13"});
    fields.Texts("cipher_suites", tls.ciphers);
    fields.Texts("curve_preferences", curves);
    fields.OneOf("prefer_server_cipher_suites", prefer, {"true", "false"});
    if (auto ok = std::move(fields).Done(); !ok) return ok;
    if (node.size() == 0) return {};

    struct Part {
      const char* name;
      std::string& text;
      const std::string& file;
    };
    for (const Part& part : {Part{"cert", tls.certificate, cert_file},
                             {"key", tls.key, key_file},
                             {"client_ca", tls.client_ca, client_ca_file}}) {
      auto pem = Pem(node, part.name, part.text, part.file);
      if (!pem) return Fail(std::move(pem.error()));
      part.text = *std::move(pem);
    }
    if (tls.certificate.empty()) return Wrong(path_, node, "neither cert nor cert_file is given");
    if (tls.key.empty()) return Wrong(path_, node, "neither key nor key_file is given");
    tls.least = *Find(kVersions, least);
    tls.most = *Find(kVersions, most);
    if (tls.least > tls.most) return Wrong(path_, node, "min_version is above max_version");
    tls.prefer_own_ciphers = prefer == "true";
    if (auto ok = ClientsOf(node, auth, tls); !ok) return ok;
    if (auto ok = Names(node, curves, tls); !ok) return ok;
    config_.tls = std::move(tls);
    return {};
  }

  Result<void> ClientsOf(const YAML::Node& node, const std::string& auth, TlsOptions& tls) const {
    const ClientAuth* const found = Find(kClientAuth, auth);
    if (found == nullptr) {
      return Wrong(path_, node, fmt::format("client_auth_type {} is not known", Quote(auth)));
    }
    tls.client_auth = *found;
    if (!tls.client_ca.empty() && tls.client_auth == ClientAuth::kNone) {
      return Wrong(path_, node, "a client_ca is given, but no client_auth_type that asks for it");
    }
    const bool required = tls.client_auth == ClientAuth::kRequireAny ||
                          tls.client_auth == ClientAuth::kRequireAndVerify;
    if (!tls.allowed_sans.empty() && !required) {
      return Wrong(path_, node,
                   "client_allowed_sans wants a client_auth_type of RequireAnyClientCert or "
                   "RequireAndVerifyClientCert");
    }
    return {};
  }

  Result<void> Names(const YAML::Node& node, const std::vector<std::string>& curves,
                     TlsOptions& tls) const {
    for (const std::string& cipher : tls.ciphers) {
      if (serving::http::IsKnownCipher(cipher)) continue;
      return Wrong(path_, node["cipher_suites"], fmt::format("unknown cipher: {}", Quote(cipher)));
    }
    for (const std::string& curve : curves) {
      const std::string_view* const known = Find(kCurves, curve);
      if (known == nullptr) {
        return Wrong(path_, node["curve_preferences"],
                     fmt::format("unknown curve: {}", Quote(curve)));
      }
      tls.groups.emplace_back(*known);
    }
    return {};
  }

  Result<void> Http(const YAML::Node& node) {
    if (!node.IsDefined() || node.IsNull()) return {};
    std::string http2;  // a client that could speak it finds HTTP/1.1 as well
    std::map<std::string, std::string> headers;
    Fields fields(path_, node, "http_server_config.");
    fields.OneOf("http2", http2, {"true", "false"});
    fields.Map("headers", headers);
    if (auto ok = std::move(fields).Done(); !ok) return ok;
    for (const auto& [name, value] : headers) {
      const auto* const allowed = Find(kHeaders, name);
      const YAML::Node at = node["headers"];
      if (allowed == nullptr) {
        return Wrong(path_, at, fmt::format("the header {} cannot be set", Quote(name)));
      }
      if (!allowed->empty() &&
          std::find(allowed->begin(), allowed->end(), value) == allowed->end()) {
        return Wrong(
            path_, at,
            fmt::format("{}: {} is none of {}", name, Quote(value), fmt::join(*allowed, ", ")));
      }
      if (std::any_of(value.begin(), value.end(), [](char c) { return c >= 0 && c < ' '; })) {
        return Wrong(path_, at, fmt::format("{}: a control character is in it", name));
      }
      if (!value.empty()) config_.headers.push_back({name, value});
    }
    return {};
  }

  Result<void> BasicAuth(const YAML::Node& node) {
    if (!node.IsDefined() || node.IsNull()) return {};
    if (!node.IsMap()) return Wrong(path_, node, "basic_auth_users wants names with hashes");
    for (const auto& user : node) {
      if (!user.first.IsScalar() || !user.second.IsScalar()) {
        return Wrong(path_, user.first, "basic_auth_users: a name or hash is no text");
      }
      const std::string name = user.first.Scalar();
      if (name.empty() || name.find(':') != std::string::npos ||
          name.find('\0') != std::string::npos) {
        return Wrong(path_, user.first, fmt::format("a user cannot be called {}", Quote(name)));
      }
      if (auto ok = serving::http::CheckBcrypt(user.second.Scalar()); !ok) {
        return Wrong(path_, user.first,
                     fmt::format("basic_auth_users: {}: {}", Quote(name), ok.error().message));
      }
      if (!config_.users.emplace(name, user.second.Scalar()).second) {
        return Wrong(path_, user.first, fmt::format("the user {} is there twice", Quote(name)));
      }
    }
    return {};
  }

  Result<void> RateLimit(const YAML::Node& node) {
    if (!node.IsDefined() || node.IsNull()) return {};
    std::string interval;
    int burst = 0;
    Fields fields(path_, node, "rate_limit.");
    fields.Text("interval", interval);
    fields.Number("burst", burst, 0, 1'000'000);
    if (auto ok = std::move(fields).Done(); !ok) return ok;
    // Go's durations have no days, and a bare number is nanoseconds there.
    const auto duration = model::ParseDuration(interval);
    const bool go = interval == "0" || interval.empty() ||
                    (interval.find_first_of("dw") == std::string::npos &&
                     (interval.back() < '0' || interval.back() > '9'));
    if (!duration || !go) {
      return Wrong(
          path_, node,
          fmt::format("rate_limit.interval: {} is no duration such as 100ms", Quote(interval)));
    }
    if (duration->count() == 0) return {};
    if (burst == 0) return Wrong(path_, node, "rate_limit.burst is 0: nothing would pass");
    config_.rate = {*duration, burst};
    return {};
  }

  const std::string& path_;
  WebConfig& config_;
};

}  // namespace

Result<WebConfig> LoadWebConfig(const std::string& path) {
  WebConfig config;
  Loader loader(path, config);
  auto ok = ReadYamlFile(path, [&](const YAML::Node& root) { return loader.Load(root); });
  if (!ok) return Fail(std::move(ok.error()));
  return config;
}

}  // namespace rollcall::app
