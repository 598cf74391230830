#include "serving/page/page.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/ascii.h"

namespace rollcall::serving::page {
namespace {

using http::Field;
using http::Octets;
using http::Request;
using http::Response;

constexpr std::string_view kAssets = "/assets/";

// By the end of its name; browsers are told not to guess.
std::string TypeOf(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
  }};
  for (const auto& [end, type] : kTypes) {
    if (path.ends_with(end)) return std::string(type);
  }
  return "application/octet-stream";
}

// Shared with every answer that is under way.
struct Kept {
  Octets body;
  Octets gzip;  // null: there is none
  std::string type;
  bool for_ever = false;  // its name tells its content
};
using Site = std::map<std::string, Kept, std::less<>>;

Site Keep(std::span<const File> files) {
  Site site;
  for (const File& file : files) {
    Kept kept;
    kept.body = std::make_shared<const std::string>(file.body);
    if (!file.gzip.empty()) kept.gzip = std::make_shared<const std::string>(file.gzip);
    kept.type = TypeOf(file.path);
    kept.for_ever = file.path.starts_with(kAssets);
    const bool index = file.path == "/index.html";
    site.emplace(index ? "/" : file.path, std::move(kept));
  }
  return site;
}

Response Give(const Kept& kept, const Request& request) {
  const std::string* accepted = request.Header("accept-encoding");
  const bool gzip = kept.gzip && accepted != nullptr && AcceptsGzip(*accepted);
  Response response;
  response.body = gzip ? kept.gzip : kept.body;
  response.content_type = kept.type;
  response.headers = {
      {"Content-Security-Policy", std::string(kPolicy)},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", kept.for_ever ? "max-age=31536000, immutable" : "no-cache"},
      {"Vary", "Accept-Encoding"},
  };
  if (gzip) response.headers.push_back({"Content-Encoding", "gzip"});
  return response;
}

Response Find(const Site& site, const Request& request) {
  const auto found = site.find(request.path);
  if (found != site.end()) return Give(found->second, request);
  if (site.empty() && request.path == "/") {
    return {200,
            "rollcall, built without its page.  Look at /metrics, /-/ready, "
            "/api/v1/services, or `rollcall list`.\n"};
  }
  return {404, "There is nothing at this path.\n"};
}

std::string_view Trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The text up to the separator, which is taken off `rest` with it.
std::string_view Next(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return Trim(part);
}

bool IsGzip(std::string_view coding) {
  return EqualsIgnoreCase(coding, "gzip");
}

// Whether the parameters of a coding give it a weight above 0; none: 1.
bool IsWanted(std::string_view parameters) {
  if (parameters.empty()) return true;
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return false;
  const std::string_view weight = parameters.substr(2);
  return weight.find_first_not_of("0123456789.") == std::string_view::npos &&
         weight.find_first_of("123456789") != std::string_view::npos;
}

}  // namespace

bool AcceptsGzip(std::string_view header) {
  bool any = false;
  while (!header.empty()) {
    std::string_view parameters = Next(header, ',');
    const std::string_view coding = Next(parameters, ';');
    const bool wanted = IsWanted(Trim(parameters));
    if (IsGzip(coding)) return wanted;  // what is named counts before `*`
    if (coding == "*") any = wanted;
  }
  return any;
}

std::vector<http::Route> Routes(std::span<const File> files) {
  const auto site = std::make_shared<const Site>(Keep(files));
  const http::Handler find =
      http::Answering([site](const Request& request) { return Find(*site, request); });
  return {{.path = "/", .handler = find}, {.path = std::string(kAssets), .handler = find}};
}

}  // namespace rollcall::serving::page
