#include "store/etcd/core/url.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace rollcall::store::etcd {
namespace {

constexpr std::string_view kDefaultPort = "2379";

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool IsHost(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '[') {
    if (text.size() < 4 || text.back() != ']') return false;
    const std::string_view inner = text.substr(1, text.size() - 2);
    return inner.find(':') != std::string_view::npos &&
           inner.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
  }
  return text.find_first_of("[]:/?#@ \t\r\n") == std::string_view::npos;
}

// "[::1]:2379" -> "[::1]", "2379".
std::pair<std::string_view, std::string_view> SplitPort(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return {authority, kDefaultPort};
  }
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

}  // namespace

Result<Endpoint> ParseEndpoint(std::string_view url) {
  Endpoint endpoint;
  std::string_view rest = url;
  endpoint.tls = ConsumePrefix(rest, "https://");
  if (!endpoint.tls) ConsumePrefix(rest, "http://");
  if (rest.ends_with('/')) rest.remove_suffix(1);

  const auto [host, port] = SplitPort(rest);
  if (!IsHost(host) || !IsPort(port)) {
    return Fail(ErrorCode::kInvalid, "etcd endpoint '" + std::string(url) +
                                         "' is not of the form http://HOST:PORT or "
                                         "https://HOST:PORT");
  }
  endpoint.target = std::string(host) + ':' + std::string(port);
  endpoint.name = (endpoint.tls ? "https://" : "http://") + endpoint.target;
  return endpoint;
}

Result<std::vector<Endpoint>> ParseEndpoints(std::span<const std::string> urls) {
  if (urls.empty()) return Fail(ErrorCode::kInvalid, "no etcd endpoint is given");
  std::vector<Endpoint> endpoints;
  for (const std::string& url : urls) {
    auto endpoint = ParseEndpoint(url);
    if (!endpoint) return Fail(std::move(endpoint.error()));
    if (!endpoints.empty() && endpoint->tls != endpoints.front().tls) {
      return Fail(ErrorCode::kInvalid, "etcd endpoints mix http and https: " +
                                           endpoints.front().name + ", " + endpoint->name);
    }
    if (std::find(endpoints.begin(), endpoints.end(), *endpoint) == endpoints.end()) {
      endpoints.push_back(*std::move(endpoint));
    }
  }
  return endpoints;
}

}  // namespace rollcall::store::etcd
