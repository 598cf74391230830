#include "doctor/consul_sd.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/quote.h"
#include "doctor/exchange.h"
#include "doctor/fetch.h"

namespace rollcall::doctor {
namespace {

namespace json = boost::json;
using enum Severity;

constexpr std::size_t kMostServices = 200;

std::string TextOf(const json::value& object, std::string_view member) {
  const auto* map = object.if_object();
  const auto* value = map == nullptr ? nullptr : map->if_contains(member);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

Result<json::value> Parse(const std::string& body) {
  json::error_code error;
  json::value value = json::parse(body, error);
  if (error) return Fail(ErrorCode::kInvalid, fmt::format("not JSON: {}", error.message()));
  return value;
}

class Walk {
 public:
  Walk(const ConsulSd& sd, std::chrono::milliseconds patience, Check& check)
      : sd_(sd), patience_(patience), check_(check) {}

  Result<void> Run() {
    std::string datacenter = sd_.datacenter;
    if (datacenter.empty()) {
      const auto self = Ask("/v1/agent/self", "");
      if (!self) return Fail(self.error());
      const auto* map = self->if_object();
      const auto* config = map == nullptr ? nullptr : map->if_contains("Config");
      datacenter = config == nullptr ? "" : TextOf(*config, "Datacenter");
      if (datacenter.empty()) return Fail(ErrorCode::kInvalid, "it names no datacenter");
    }
    const std::string query =
        fmt::format("?dc={}{}", http_client::Escape(datacenter), sd_.allow_stale ? "&stale=" : "");
    const auto services = Services(query);
    if (!services) return Fail(services.error());
    for (const std::string& service : *services) {
      if (auto ok = Instances(service, query); !ok) return ok;
    }
    std::ranges::sort(check_.targets);
    auto& targets = check_.targets;
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    check_.counts = true;
    Tell(services->size());
    return {};
  }

 private:
  void Tell(std::size_t services) {
    if (check_.targets.empty()) {
      check_.Add(
          kWarning, "no_targets",
          fmt::format("{} services fit, and have no instance: Prometheus has no target.", services),
          "Is the service named as rollcall has it, without the zone?");
    } else {
      check_.Add(kSuccess, "",
                 fmt::format("{} targets of {} services", check_.targets.size(), services), "");
    }
  }

  Result<json::value> Ask(const std::string& path, const std::string& query) {
    Fetch fetch{
        .url = fmt::format("{}://{}{}{}{}", sd_.scheme, sd_.server, sd_.path_prefix, path, query)};
    if (!sd_.token.empty()) fetch.headers.emplace_back("X-Consul-Token", sd_.token);
    const auto response = FetchAsPrometheus(fetch, sd_.access, patience_);
    if (!response) return Fail(response.error());
    if (response->status != 200) {
      return Fail(ErrorCode::kRefused, fmt::format("{}: status {}: {}", path, response->status,
                                                   Quote(response->body.substr(0, 200))));
    }
    return Parse(response->body);
  }

  // Those of the job; without a list, those of the catalog that have all of its tags.
  Result<std::vector<std::string>> Services(const std::string& query) {
    if (!sd_.services.empty()) return sd_.services;
    std::string all = query;
    if (!sd_.filter.empty()) all += "&filter=" + http_client::Escape(sd_.filter);
    const auto catalog = Ask("/v1/catalog/services", all);
    if (!catalog) return Fail(catalog.error());
    if (!catalog->is_object()) return Fail(ErrorCode::kInvalid, "the catalog is no object");
    std::vector<std::string> names;
    for (const auto& service : catalog->get_object()) {
      const auto* tags = service.value().if_array();
      const bool fits = std::ranges::all_of(sd_.tags, [&](const std::string& tag) {
        return tags != nullptr && std::ranges::any_of(*tags, [&](const json::value& has) {
                 return has.is_string() && std::string_view(has.get_string()) == tag;
               });
      });
      if (fits) names.emplace_back(service.key());
    }
    if (names.size() > kMostServices) {
      check_.Add(kWarning, "many_services",
                 fmt::format("Of {} services only {} were asked for.", names.size(), kMostServices),
                 "Name those that the job is about (`services`): it asks for each of them.");
      names.resize(kMostServices);
    }
    return names;
  }

  Result<void> Instances(const std::string& service, const std::string& query) {
    std::string whole = query;
    for (const std::string& tag : sd_.tags) whole += "&tag=" + http_client::Escape(tag);
    const auto health = Ask("/v1/health/service/" + http_client::Escape(service), whole);
    if (!health) return Fail(health.error());
    return ReadConsulHealth(json::serialize(*health), check_.targets);
  }

  const ConsulSd& sd_;
  const std::chrono::milliseconds patience_;
  Check& check_;
};

}  // namespace

Result<void> ReadConsulHealth(const std::string& body, std::vector<std::string>& targets) {
  const auto root = Parse(body);
  if (!root) return Fail(root.error());
  if (root->is_null()) return {};
  if (!root->is_array()) return Fail(ErrorCode::kInvalid, "the instances are no list");
  for (const json::value& entry : root->get_array()) {
    const auto* map = entry.if_object();
    const auto* service = map == nullptr ? nullptr : map->if_contains("Service");
    const auto* node = map == nullptr ? nullptr : map->if_contains("Node");
    const auto* fields = service == nullptr ? nullptr : service->if_object();
    if (fields == nullptr || node == nullptr) {
      return Fail(ErrorCode::kInvalid, "an instance without Service or Node");
    }
    const auto* port = fields->if_contains("Port");
    if (port == nullptr || !port->is_int64() || port->get_int64() < 0 ||
        port->get_int64() > 65535) {
      return Fail(ErrorCode::kInvalid, "an instance without a port");
    }
    std::string address = TextOf(*service, "Address");
    if (address.empty()) address = TextOf(*node, "Address");
    targets.push_back(ToText(Nameserver{address, static_cast<std::uint16_t>(port->get_int64())}));
  }
  return {};
}

void CheckConsulSd(const ConsulSd& sd, std::chrono::milliseconds patience, Check& check) {
  JudgeAccess(sd.access, check);
  if (auto ok = Walk(sd, patience, check).Run(); !ok) {
    check.Add(kFailed, "no_answer", fmt::format("It fails: {}.", ok.error().message),
              "Prometheus keeps the targets it has, and has none after a restart.");
  }
}

}  // namespace rollcall::doctor
