#include "app/explain_target.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <numeric>

#include "base/ascii.h"
#include "base/quote.h"
#include "wire/name.h"

namespace rollcall::app {
namespace {

constexpr std::size_t kMostTarget = 1024;

// As one spells it: "2001:db8::1"; nothing: it is none.
std::optional<std::string> AddressIn(const std::string& text) {
  std::uint8_t octets[sizeof(in6_addr)];
  char spelled[INET6_ADDRSTRLEN];
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, text.c_str(), octets) != 1) continue;
    return std::string(::inet_ntop(family, octets, spelled, sizeof spelled));
  }
  return std::nullopt;
}

// Without scheme and path.
std::string_view PlaceIn(std::string_view text) {
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
    text = text.substr(0, text.find_first_of("/?#"));
  }
  return text;
}

Result<std::uint16_t> PortIn(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} is no port", Quote(text)));
  }
  return port;
}

}  // namespace

Result<Target> ParseTarget(std::string_view text) {
  std::string_view place = PlaceIn(text);
  if (place.empty() || place.size() > kMostTarget) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} is no target", Quote(text.substr(0, 60))));
  }
  Target target;
  std::string host(place);
  if (!AddressIn(host)) {
    const std::size_t colon = place.rfind(':');
    if (colon != std::string_view::npos && !place.ends_with(']')) {
      const auto port = PortIn(place.substr(colon + 1));
      if (!port) return Fail(port.error());
      target.port = *port;
      host = place.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  }
  const auto address = AddressIn(host);
  target.is_address = address.has_value();
  target.host = address ? *address : LowerCase(host);
  if (target.host.ends_with('.')) target.host.pop_back();
  if (!target.is_address && !wire::Name::FromText(target.host)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} is neither an address nor a name", Quote(host)));
  }
  return target;
}

std::string TextIn(const boost::json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t NumberIn(const boost::json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string NameOf(const boost::json::object& instance) {
  return LowerCase(fmt::format("{}.{}", TextIn(instance, "instance"), TextIn(instance, "name")));
}

std::string PlaceOf(const boost::json::object& instance) {
  const std::string address = TextIn(instance, "address");
  const std::int64_t port = NumberIn(instance, "port");
  if (port == 0) return address;
  const bool brackets = address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", address, brackets ? "]" : "", port);
}

Fit FitOf(const Target& target, const boost::json::object& instance) {
  const std::string address = TextIn(instance, "address");
  bool fits = false;
  if (target.is_address) {
    fits = AddressIn(address) == target.host;
  } else {
    fits = NameOf(instance) == target.host ||
           LowerCase(TextIn(instance, "instance")) == target.host ||
           LowerCase(address) == target.host;
  }
  if (!fits) return Fit::kNone;
  return !target.port || *target.port == NumberIn(instance, "port") ? Fit::kWhole : Fit::kPort;
}

bool IsSimilar(std::string_view a, std::string_view b) {
  constexpr std::size_t kMostSlips = 2;
  constexpr std::size_t kMostLabel = 63;
  if (a.size() > kMostLabel || b.size() > kMostLabel) return false;
  std::vector<std::size_t> row(b.size() + 1);  // Levenshtein's distance, a row at a time
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = wire::ToLower(a[i - 1]) == wire::ToLower(b[j - 1]);
      const std::size_t changed = corner + (same ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back() <= kMostSlips && row.back() < std::max(a.size(), b.size());
}

}  // namespace rollcall::app
