#include "serving/http/request_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "serving/http/target.h"

namespace rollcall::serving::http {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",    "HEAD",  "POST",   "PUT",
                                                      "DELETE", "PATCH", "OPTIONS"};

tl::unexpected<Response> Refuse(unsigned status, std::string why) {
  return tl::unexpected<Response>(Response{status, std::move(why) + "\n"});
}

bool IsChunked(std::string_view value) {
  constexpr std::string_view kChunked = "chunked";
  return std::equal(value.begin(), value.end(), kChunked.begin(), kChunked.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

std::size_t Count(const Request& request, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [&](const Field& field) { return field.name == name; }));
}

// Nothing is wrong: a status of 0.
Response WhatIsWrongWithLength(const Request& request, bool old_version) {
  const std::string* const length = request.Header("content-length");
  const std::string* const coding = request.Header("transfer-encoding");
  if (length != nullptr && coding != nullptr) {
    return {400, std::string("both Content-Length and Transfer-Encoding\n")};
  }
  if (Count(request, "content-length") > 1 || Count(request, "transfer-encoding") > 1) {
    return {400, std::string("more than one length of the body\n")};
  }
  if (length != nullptr &&
      !std::all_of(length->begin(), length->end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return {400, std::string("Content-Length is no number\n")};
  }
  if (coding == nullptr) return {0};
  if (old_version) return {400, std::string("HTTP/1.0 has no Transfer-Encoding\n")};
  if (!IsChunked(*coding)) return {501, std::string("of transfer codings only chunked is known\n")};
  return {0};
}

}  // namespace

tl::expected<Request, Response> CheckHead(RequestHead head) {
  if (std::find(kMethods.begin(), kMethods.end(), head.method) == kMethods.end()) {
    return Refuse(501, "this method is not known here");
  }
  // Some see the end of the field where the line ends (RFC 9112 section 5.2).
  if (head.folded) return Refuse(400, "a header field that goes on in another line");
  if (head.target.size() > kMostTarget) {
    return Refuse(414, fmt::format("the target is longer than {} octets", kMostTarget));
  }
  auto target = ParseTarget(head.target);
  if (!target) return Refuse(400, std::move(target.error().message));
  Request request;
  request.method = std::move(head.method);
  request.path = std::move(target->path);
  request.parameters = std::move(target->parameters);
  request.headers = std::move(head.headers);

  const std::size_t hosts = Count(request, "host");
  if (hosts > 1) return Refuse(400, "more than one Host");
  if (hosts == 0 && !head.old_version) return Refuse(400, "HTTP/1.1 without Host");
  const auto host = std::find_if(request.headers.begin(), request.headers.end(),
                                 [](const Field& field) { return field.name == "host"; });
  if (hosts == 1 && !ParseAuthority(host->value)) {
    return Refuse(400, "Host is not HOST or HOST:PORT");
  }
  if (!target->authority.empty()) {
    if (hosts == 1) host->value = target->authority;
    if (hosts == 0) request.headers.push_back({"host", target->authority});
  }
  if (Response wrong = WhatIsWrongWithLength(request, head.old_version); wrong.status != 0) {
    return tl::unexpected<Response>(std::move(wrong));
  }
  const std::string* const expect = request.Header("expect");
  if (expect != nullptr && !head.old_version) {
    if (!EqualsIgnoreCase(*expect, "100-continue"))
      return Refuse(417, "only 100-continue can be expected");
  }
  return request;
}

bool BodyFollows(const Request& request) {
  const std::string* const length = request.Header("content-length");
  const auto digit = [](char c) { return c != '0'; };
  return request.Header("transfer-encoding") != nullptr ||
         (length != nullptr && std::any_of(length->begin(), length->end(), digit));
}

}  // namespace rollcall::serving::http
