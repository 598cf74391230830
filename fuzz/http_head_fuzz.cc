// The head of a request and who it says sends it: lines of "METHOD TARGET" and "name: value" are
// refused in a sentence, or let in by the rules; nothing is let in that has two lengths or hosts.
#include <algorithm>
#include <string>
#include <string_view>

#include "require.h"
#include "serving/http/access.h"
#include "serving/http/request_head.h"

using namespace rollcall::serving::http;

namespace {

std::string_view Line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  RequestHead head;
  const std::string_view first = Line(text);
  const std::size_t space = std::min(first.find(' '), first.size());
  head.method = first.substr(0, space);
  head.target = first.substr(std::min(space + 1, first.size()));
  head.old_version = size % 2 == 1;
  while (!text.empty() && head.headers.size() < 64) {
    const std::string_view line = Line(text);
    const std::size_t colon = std::min(line.find(": "), line.size());
    head.headers.push_back({std::string(line.substr(0, colon)),
                            std::string(line.substr(std::min(colon + 2, line.size())))});
  }
  const auto request = CheckHead(head);
  if (!request) {
    REQUIRE(request.error().status >= 400 && request.error().status < 600);
    REQUIRE(std::get<std::string>(request.error().body).ends_with('\n'));
    return 0;
  }
  const auto count = [&](std::string_view name) {
    return std::count_if(request->headers.begin(), request->headers.end(),
                         [&](const Field& field) { return field.name == name; });
  };
  REQUIRE(count("content-length") + count("transfer-encoding") <= 1);
  REQUIRE(count("host") <= 1 && (head.old_version || count("host") == 1));
  const Login login = ReadLogin(*request);
  REQUIRE(login.secret.find('\0') == std::string::npos || login.kind == Login::Kind::kBearer);
  for (const Right right : {Right::kNone, Right::kRead, Right::kWrite}) {
    const auto refused = Refusal(*request, right, {}, {.names = {"rollcall.example"}});
    REQUIRE(!refused || refused->status >= 400);
    // A peer that is not this machine never writes without a login.
    REQUIRE(refused || right != Right::kWrite);
  }
  (void)MayWrite(*request, request->path, request->path);
  return 0;
}
