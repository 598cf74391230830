// Any path and any Accept-Encoding: the page answers from its table, or that it is not there.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "require.h"
#include "serving/http/testing/recorded_exchange.h"
#include "serving/page/page.h"

namespace {

using namespace rollcall::serving;

constexpr page::File kFiles[] = {{"/index.html", "plain", "small"},
                                 {"/assets/index-1a2b.js", "plain", "small"}};

}  // namespace

// "PATH\nACCEPT-ENCODING"
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), size);
  http::Request request;
  request.path = std::string(input.substr(0, line));
  const std::string encoding(input.substr(std::min(line + 1, size)));
  request.headers.push_back({"accept-encoding", encoding});
  const bool is_there = request.path == "/" || request.path == "/assets/index-1a2b.js";
  for (const http::Route& route : page::Routes(kFiles)) {
    const auto exchange = std::make_shared<http::testing::RecordedExchange>(request);
    route.handler(exchange);
    REQUIRE(exchange->over());
    REQUIRE(exchange->response().status == (is_there ? 200 : 404));
    if (!is_there) continue;
    REQUIRE(exchange->body() == (page::AcceptsGzip(encoding) ? "small" : "plain"));
  }
  return 0;
}
