#include "registry/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/ascii.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "model/duration.h"
#include "model/selector.h"
#include "model/service.h"

namespace rollcall::registry {
namespace {

constexpr std::size_t kMaxLabel = 63;         // RFC 1035 section 2.3.4
constexpr std::size_t kMaxLabelValue = 1024;  // ours: labels are shown, not stored in bulk
constexpr std::size_t kMaxLabels = 64;        // ours; of tags and parameters too

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalid, std::move(message));
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// `what` is "service" or "instance", for the sentence.
Result<void> CheckDnsLabel(std::string_view label, std::string_view what, std::string_view whole) {
  if (label.empty()) {
    return Bad(fmt::format("{} name {} has an empty label (two dots together, or a dot at an end)",
                           what, Quote(whole)));
  }
  if (label.size() > kMaxLabel) {
    return Bad(fmt::format("{} name {} has a label of {} octets; a DNS label has at most {}", what,
                           Quote(whole), label.size(), kMaxLabel));
  }
  const auto odd = std::find_if_not(label.begin(), label.end(), [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '-' || c == '_';
  });
  if (odd != label.end()) {
    return Bad(
        fmt::format("{} name {} has the character {}; letters, digits, - and _ are "
                    "allowed",
                    what, Quote(whole), Quote(std::string_view(&*odd, 1))));
  }
  if (label.front() == '-' || label.back() == '-') {
    return Bad(fmt::format("{} name {} has a label that starts or ends with a hyphen", what,
                           Quote(whole)));
  }
  if (model::ParseSelector(label)) {
    return Bad(
        fmt::format("{} name {} has the label {}, which selects among registrations and "
                    "cannot be registered",
                    what, Quote(whole), Quote(label)));
  }
  return {};
}

bool IsLabelName(std::string_view name) {
  if (name.empty() || IsDigit(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return IsLetter(c) || IsDigit(c) || c == '_'; });
}

Result<void> CheckIpv4(std::string_view text, const std::array<std::uint8_t, 16>& octets,
                       bool allow_loopback) {
  if (octets[0] == 127 && !allow_loopback) {
    return Bad(
        fmt::format("address {} is loopback: to every other machine it means itself; give "
                    "the address by which others reach this host",
                    text));
  }
  if (octets[0] == 0) return Bad(fmt::format("address {} is not the address of a host", text));
  if (octets[0] >= 224) {
    return Bad(fmt::format("address {} is multicast or reserved, not that of a host", text));
  }
  return {};
}

Result<void> CheckIpv6(std::string_view text, const std::array<std::uint8_t, 16>& octets,
                       bool allow_loopback) {
  const bool high_zero =
      std::all_of(octets.begin(), octets.begin() + 15, [](std::uint8_t o) { return o == 0; });
  if (high_zero && octets[15] == 0) {
    return Bad(fmt::format("address {} is not the address of a host", text));
  }
  if (high_zero && octets[15] == 1 && !allow_loopback) {
    return Bad(
        fmt::format("address {} is loopback: to every other machine it means itself; give "
                    "the address by which others reach this host",
                    text));
  }
  if (octets[0] == 0xFF)
    return Bad(fmt::format("address {} is multicast, not that of a host", text));
  if (octets[0] == 0xFE && (octets[1] & 0xC0) == 0x80) {
    return Bad(fmt::format("address {} is link-local: it means nothing beyond its own link", text));
  }
  return {};
}

}  // namespace

Result<void> CheckAddress(std::string_view address, bool allow_loopback) {
  if (address.empty()) return Bad("no address is given");
  const auto host = model::ClassifyHost(address);
  if (host && host->kind == model::HostKind::kIpv4) {
    return CheckIpv4(address, host->address, allow_loopback);
  }
  if (host && host->kind == model::HostKind::kIpv6) {
    return CheckIpv6(address, host->address, allow_loopback);
  }
  if (address.front() == '[') {
    return Bad(
        fmt::format("address {} is not an IP address; leave out the brackets", Quote(address)));
  }
  return Bad(
      fmt::format("address {} is not an IP address; names are not looked up, give the "
                  "address itself",
                  Quote(address)));
}

Result<void> CheckPort(std::int64_t port, std::string_view service) {
  if (port == 0 && IsAddressOnly(service)) return {};
  if (port == 0) {
    return Bad(fmt::format("no port is given for {}; only name servers (ns.dns) do without",
                           Quote(service)));
  }
  if (port < 1 || port > 65535) return Bad(fmt::format("port {} is not within 1 to 65535", port));
  return {};
}

Result<void> CheckService(std::string_view service) {
  if (service.empty()) return Bad("no service is named");
  for (std::size_t begin = 0; begin <= service.size();) {
    const std::size_t end = std::min(service.find('.', begin), service.size());
    if (auto ok = CheckDnsLabel(service.substr(begin, end - begin), "service", service); !ok) {
      return ok;
    }
    begin = end + 1;
  }
  return {};
}

Result<void> CheckInstance(std::string_view instance) {
  if (const std::size_t dot = instance.find('.'); dot != std::string_view::npos) {
    return Bad(
        fmt::format("instance name {} has a dot; an instance is a single label, for "
                    "example {} (a service may have dots)",
                    Quote(instance), Quote(instance.substr(0, dot))));
  }
  return CheckDnsLabel(instance, "instance", instance);
}

Result<void> CheckLabels(const std::map<std::string, std::string>& labels) {
  if (labels.size() > kMaxLabels) {
    return Bad(fmt::format("{} labels are more than the {} an instance may have", labels.size(),
                           kMaxLabels));
  }
  for (const auto& [name, value] : labels) {
    if (!IsLabelName(name)) {
      return Bad(
          fmt::format("label name {} is not one of Prometheus: it must match "
                      "[a-zA-Z_][a-zA-Z0-9_]*",
                      Quote(name)));
    }
    if (name.size() > kMaxLabelValue || value.size() > kMaxLabelValue) {
      return Bad(
          fmt::format("label {} is longer than {} octets", name.substr(0, 64), kMaxLabelValue));
    }
    if (!IsUtf8(value)) return Bad(fmt::format("the value of label {} is not UTF-8", name));
  }
  return {};
}

namespace {

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

Result<void> CheckParams(const std::map<std::string, std::string>& params) {
  if (params.size() > kMaxLabels) {
    return Bad(fmt::format("{} params are more than the {} an instance may have", params.size(),
                           kMaxLabels));
  }
  for (const auto& [name, value] : params) {
    // It becomes the label __param_NAME.
    if (name.empty() || !IsLabelName("_" + name)) {
      return Bad(
          fmt::format("param {} cannot be handed to Prometheus: its name must match "
                      "[a-zA-Z0-9_]+",
                      Quote(name)));
    }
    if (name.size() > kMaxLabelValue || value.size() > kMaxLabelValue) {
      return Bad(
          fmt::format("param {} is longer than {} octets", name.substr(0, 64), kMaxLabelValue));
    }
    if (!IsUtf8(value)) return Bad(fmt::format("the value of param {} is not UTF-8", name));
  }
  return {};
}

Result<void> CheckInterval(std::string_view interval) {
  if (interval.empty()) return {};
  const auto duration = model::ParseDuration(interval);
  // Prometheus wants a unit.
  if (duration && duration->count() > 0 && !IsDigit(interval.back())) return {};
  return Bad(fmt::format("interval {} is no duration such as 30s", Quote(interval)));
}

}  // namespace

Result<void> CheckScraping(const model::Extension& extension) {
  const std::string& scheme = extension.scheme;
  if (!scheme.empty() && scheme != "http" && scheme != "https") {
    return Bad(fmt::format("scheme {} is neither http nor https", Quote(scheme)));
  }
  const std::string& path = extension.metrics_path;
  if (!path.empty() &&
      (path[0] != '/' || path.size() > kMaxLabelValue || HasControls(path) || !IsUtf8(path))) {
    return Bad(fmt::format("metrics_path {} is no path that begins with a slash",
                           Quote(std::string_view(path).substr(0, 64))));
  }
  if (auto ok = CheckInterval(extension.interval); !ok) return ok;
  return CheckParams(extension.params);
}

Result<void> CheckTags(const std::vector<std::string>& tags) {
  if (tags.size() > kMaxLabels) {
    return Bad(
        fmt::format("{} tags are more than the {} an instance may have", tags.size(), kMaxLabels));
  }
  for (const std::string& tag : tags) {
    const bool sound = !tag.empty() && tag.size() <= kMaxLabelValue && !HasControls(tag) &&
                       tag.find(',') == std::string::npos && IsUtf8(tag);
    if (sound) continue;
    return Bad(fmt::format("tag {} is empty, too long, or has a comma or a control character",
                           Quote(std::string_view(tag).substr(0, 64))));
  }
  return {};
}

Result<void> CheckTtl(std::uint32_t ttl) {
  if (ttl > 0x7FFFFFFFU) {
    return Bad(fmt::format("ttl {} s is above 2147483647, the most that DNS carries", ttl));
  }
  return {};
}

bool IsAddressOnly(std::string_view service) {
  const std::string lower = LowerCase(service);
  for (const std::string_view reserved : {"ns.dns", "apex.dns"}) {
    if (lower == reserved || lower.ends_with(fmt::format(".{}", reserved))) return true;
  }
  return false;
}

}  // namespace rollcall::registry
