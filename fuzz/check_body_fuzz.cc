// What an exporter, or whoever is in its place, answers to a check.
#include <string>
#include <string_view>

#include "agent/check_body.h"
#include "agent/check_output.h"
#include "require.h"

using namespace rollcall::agent;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const bool metrics = IsMetrics(body);
  // Comments before it and lines after it change nothing.
  REQUIRE(IsMetrics("# a comment\n\n" + body) == metrics);
  REQUIRE(!metrics || IsMetrics(body + "\n<html>\n"));
  for (const std::size_t most : {std::size_t{0}, std::size_t{7}, kMostOutput}) {
    const std::string line = FirstLine(body, most);
    REQUIRE(line.size() <= most);
    for (const char c : line) REQUIRE((c < 0 || c >= ' ') && c != '\x7f');
  }
  return 0;
}
