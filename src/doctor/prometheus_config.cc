#include "doctor/prometheus_config.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "base/quote.h"
#include "base/whole_file.h"
#include "model/duration.h"
#include "yaml/document.h"

namespace rollcall::doctor {
namespace {

constexpr std::size_t kMostOctets = std::size_t{16} << 20;
constexpr std::string_view kAlertmanagers = "alertmanagers";
// Of one file, what aliases repeat as well: a few lines of them can stand for billions.
constexpr std::size_t kMostItems = 100'000;
constexpr unsigned kMostMerges = 16;  // of a map into a map into a map

// What a field is wrong about; it ends at ReadPrometheusText().
struct Wrong {
  Error error;
};

class Reader {
 public:
  Reader(const std::string& path, const std::string& folder, PrometheusConfig& config)
      : path_(path), folder_(folder), config_(config) {}

  std::vector<std::string> Read(const YAML::Node& root) {
    Unique(root);
    for (const auto& job : List(At(root, "scrape_configs"))) {
      std::string name;
      Text(job, "job_name", name);
      ReadDiscovery(job, name);
    }
    if (const auto alerting = Map(root, "alerting")) {
      for (const auto& one : List(At(alerting, std::string(kAlertmanagers)))) {
        ReadDiscovery(one, std::string(kAlertmanagers));
      }
    }
    std::vector<std::string> more;
    Texts(root, "scrape_config_files", more);
    for (std::string& file : more) file = FromFolder(file);
    return more;
  }

 private:
  void ReadDiscovery(const YAML::Node& job, const std::string& name) {
    for (const auto& node : List(At(job, "dns_sd_configs"))) ReadDns(node, name);
    for (const auto& node : List(At(job, "http_sd_configs"))) ReadHttp(node, name);
    for (const auto& node : List(At(job, "consul_sd_configs"))) ReadConsul(node, name);
  }

  void ReadDns(const YAML::Node& node, const std::string& job) {
    DnsSd sd{.job = job};
    Texts(node, "names", sd.names);
    Text(node, "type", sd.type);
    std::ranges::transform(sd.type, sd.type.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    if (const auto port = At(node, "port")) {
      Expect(port, YAML::convert<std::int64_t>::decode(port, sd.port), "is no port");
    }
    Refresh(node, sd.refresh);
    config_.dns.push_back(std::move(sd));
  }

  void ReadHttp(const YAML::Node& node, const std::string& job) {
    HttpSd sd{.job = job};
    Text(node, "url", sd.url);
    Refresh(node, sd.refresh);
    ReadAccess(node, sd.access);
    config_.http.push_back(std::move(sd));
  }

  void ReadConsul(const YAML::Node& node, const std::string& job) {
    ConsulSd sd{.job = job};
    Text(node, "server", sd.server);
    Text(node, "scheme", sd.scheme);
    Text(node, "path_prefix", sd.path_prefix);
    Text(node, "token", sd.token);
    Text(node, "datacenter", sd.datacenter);
    Text(node, "filter", sd.filter);
    Texts(node, "services", sd.services);
    Texts(node, "tags", sd.tags);
    Flag(node, "allow_stale", sd.allow_stale);
    Refresh(node, sd.refresh);
    ReadAccess(node, sd.access);
    if (At(node, "username") && !At(node, "basic_auth")) {
      Text(node, "username", sd.access.user);
      Text(node, "password", sd.access.password);
    }
    config_.consul.push_back(std::move(sd));
  }

  void ReadAccess(const YAML::Node& node, HttpAccess& access) {
    if (const auto basic = Map(node, "basic_auth")) {
      Text(basic, "username", access.user);
      Text(basic, "password", access.password);
      File(basic, "password_file", access.password_file);
      if (At(basic, "username_file")) access.unknown.emplace_back("username_file");
    }
    if (const auto authorization = Map(node, "authorization")) {
      Text(authorization, "type", access.scheme);
      Text(authorization, "credentials", access.credentials);
      File(authorization, "credentials_file", access.credentials_file);
    }
    Text(node, "bearer_token", access.credentials);
    File(node, "bearer_token_file", access.credentials_file);
    Flag(node, "follow_redirects", access.follow_redirects);
    for (const char* field : {"oauth2", "proxy_url", "proxy_from_environment", "http_headers"}) {
      if (At(node, field)) access.unknown.emplace_back(field);
    }
    const auto tls = Map(node, "tls_config");
    if (!tls) return;
    File(tls, "ca_file", access.tls.ca_file);
    File(tls, "cert_file", access.tls.cert_file);
    File(tls, "key_file", access.tls.key_file);
    Text(tls, "server_name", access.tls.server_name);
    Flag(tls, "insecure_skip_verify", access.tls.skip_verify);
    for (const char* field : {"ca", "cert", "key", "min_version", "max_version"}) {
      if (At(tls, field)) access.unknown.push_back(fmt::format("tls_config.{}", field));
    }
  }

  YAML::Node List(const YAML::Node& node) {
    if (!node) return YAML::Node(YAML::NodeType::Sequence);
    Expect(node, node.IsSequence(), "is not a list");
    for (const auto& item : node) {
      Count(item);
      Unique(item);
    }
    return node;
  }

  // A field of a map, its own or one of what is merged into it (`<<`).  Undefined: it has none, or
  // has null there, which is the same to Prometheus.
  YAML::Node At(const YAML::Node& map, const std::string& field, unsigned depth = 0) {
    Expect(map, map.IsMap(), "is not a map of fields");
    const YAML::Node none(YAML::NodeType::Undefined);
    if (const YAML::Node own = map[field]) return own.IsNull() ? none : own;
    const YAML::Node merged = map["<<"];
    if (!merged) return none;
    Expect(merged, depth < kMostMerges, "merges too deeply");
    if (merged.IsMap()) return At(merged, field, depth + 1);
    Expect(merged, merged.IsSequence(), "merges what is no map of fields");
    for (const auto& one : merged) {
      Count(one);
      if (const YAML::Node found = At(one, field, depth + 1)) return found;
    }
    return none;
  }

  YAML::Node Map(const YAML::Node& map, const std::string& field) {
    YAML::Node found = At(map, field);
    if (found) Unique(found);
    return found;
  }

  // A map of fields, as Prometheus takes it.
  void Unique(const YAML::Node& map) const {
    Expect(map, map.IsMap(), "is not a map of fields");
    std::set<std::string> names;
    for (const auto& field : map) {
      if (!field.first.IsScalar()) continue;
      const std::string& name = field.first.Scalar();
      Expect(field.first, names.insert(name).second,
             fmt::format("the field {} is there twice", Quote(name)));
    }
  }

  void Count(const YAML::Node& item) {
    Expect(item, ++items_ <= kMostItems,
           fmt::format("there are more than {} jobs, configurations and names", kMostItems));
  }

  void Text(const YAML::Node& map, const char* field, std::string& text) {
    const auto node = At(map, field);
    if (!node) return;
    Expect(node, node.IsScalar(), "is not a text");
    text = node.Scalar();
  }

  void Texts(const YAML::Node& map, const char* field, std::vector<std::string>& texts) {
    const auto node = At(map, field);
    if (!node) return;
    Expect(node, node.IsSequence(), "is not a list");
    for (const auto& item : node) {
      Count(item);
      Expect(item, item.IsScalar(), "is not a text");
      texts.push_back(item.Scalar());
    }
  }

  void Flag(const YAML::Node& map, const char* field, bool& flag) {
    const auto node = At(map, field);
    if (node) Expect(node, YAML::convert<bool>::decode(node, flag), "is neither true nor false");
  }

  void Refresh(const YAML::Node& map, std::chrono::milliseconds& refresh) {
    std::string text;
    Text(map, "refresh_interval", text);
    if (text.empty()) return;
    const auto duration = model::ParseDuration(text);
    Expect(At(map, "refresh_interval"), duration && duration->count() > 0, "is no duration");
    refresh = *duration;
  }

  void File(const YAML::Node& map, const char* field, std::string& file) {
    Text(map, field, file);
    if (!file.empty()) file = FromFolder(file);
  }

  [[nodiscard]] std::string FromFolder(const std::string& file) const {
    return (std::filesystem::path(folder_) / file).string();
  }

  void Expect(const YAML::Node& node, bool holds, std::string_view why) const {
    if (holds) return;
    throw Wrong{{ErrorCode::kInvalid, fmt::format("{}:{}: {}", path_, node.Mark().line + 1, why)}};
  }

  const std::string& path_;
  const std::string& folder_;
  PrometheusConfig& config_;
  std::size_t items_ = 0;
};

// The files of a pattern, in order; a pattern may fit none.
std::vector<std::string> Matches(const std::string& pattern) {
  ::glob_t found{};
  const std::unique_ptr<::glob_t, decltype(&::globfree)> owner(&found, &::globfree);
  std::vector<std::string> files;
  if (::glob(pattern.c_str(), 0, nullptr, &found) != 0) return files;
  for (std::size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  return files;
}

Result<std::vector<std::string>> ReadOne(const std::string& path, PrometheusConfig& config) {
  const auto text = ReadWholeFile(path, kMostOctets);
  if (!text) return Fail(ErrorCode::kInvalid, text.error().message);
  config.files.push_back(path);
  return ReadPrometheusText(*text, path, std::filesystem::path(path).parent_path().string(),
                            config);
}

}  // namespace

Result<std::vector<std::string>> ReadPrometheusText(const std::string& text,
                                                    const std::string& path,
                                                    const std::string& folder,
                                                    PrometheusConfig& config) {
  try {
    const auto root = yaml::ReadDocument(text, path);
    if (!root) return Fail(root.error());
    if (root->IsNull()) return std::vector<std::string>();
    return Reader(path, folder, config).Read(*root);
  } catch (Wrong& wrong) {
    return Fail(std::move(wrong.error));
  } catch (const YAML::Exception& error) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}:{}: {}", path, error.mark.line + 1, error.msg));
  }
}

Result<PrometheusConfig> ReadPrometheusConfig(const std::string& path) {
  PrometheusConfig config;
  const auto patterns = ReadOne(path, config);
  if (!patterns) return Fail(patterns.error());
  for (const std::string& pattern : *patterns) {
    for (const std::string& file : Matches(pattern)) {
      // What such a file names in turn does not count, as in Prometheus.
      if (auto ok = ReadOne(file, config); !ok) return Fail(ok.error());
    }
  }
  return config;
}

}  // namespace rollcall::doctor
