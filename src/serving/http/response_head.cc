#include "serving/http/response_head.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <iterator>

namespace rollcall::serving::http {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

bool Has(const std::vector<Field>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return SameName(field.name, name); });
}

bool IsSound(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

bool HasBody(unsigned status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string MakeHead(const Response& response, const Framing& framing,
                     const std::vector<Field>& always, std::string_view date) {
  std::string head;
  const auto out = std::back_inserter(head);
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(response.status));
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                 std::string_view(reason.data(), reason.size()), date);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (IsSound(name) && IsSound(value)) fmt::format_to(out, "{}: {}\r\n", name, value);
  };
  if (HasBody(response.status)) {
    if (!response.content_type.empty()) add("Content-Type", response.content_type);
    if (framing.length) {
      add("Content-Length", std::to_string(*framing.length));
    } else if (!framing.old_version) {
      add("Transfer-Encoding", "chunked");
    }
  }
  if (!framing.keep_alive) add("Connection", "close");
  if (framing.keep_alive && framing.old_version) add("Connection", "keep-alive");
  for (const Field& field : response.headers) add(field.name, field.value);
  const auto unless_said = [&](std::string_view name, std::string_view value) {
    if (!Has(response.headers, name)) add(name, value);
  };
  for (const Field& field : always) unless_said(field.name, field.value);
  if (!Has(always, "X-Content-Type-Options")) unless_said("X-Content-Type-Options", "nosniff");
  unless_said("Cache-Control", "no-store");
  head += "\r\n";
  return head;
}

std::string HttpDate(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(seconds));
}

}  // namespace rollcall::serving::http
