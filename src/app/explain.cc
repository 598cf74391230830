// rollcall explain TARGET

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/command.h"
#include "app/explanation.h"
#include "app/output.h"
#include "app/server_api.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

// `!` stands before what is a problem.
void Print(const std::vector<Link>& links) {
  std::size_t width = 0;
  for (const Link& link : links) width = std::max(width, link.what.size());
  for (const Link& link : links) {
    std::string text = link.text;
    Clean(text);
    fmt::print("{} {:<{}}  {}\n", link.problem ? '!' : ' ', link.what, width, text);
  }
}

void Print(const Explanation& explanation) {
  std::string verdict = explanation.verdict;
  Clean(verdict);
  fmt::print("{}\n", verdict);
  for (const Chain& chain : explanation.found) {
    std::string title = fmt::format("{} {}", NameOf(chain.instance), PlaceOf(chain.instance));
    Clean(title);
    fmt::print("\n{}\n", title);
    Print(chain.links);
  }
  if (explanation.left_out > 0) fmt::print("\nand {} more\n", explanation.left_out);
  if (explanation.found.empty()) Print(explanation.elsewhere);
}

json::array ArrayOf(const std::vector<Link>& links) {
  json::array array;
  for (const Link& link : links) {
    array.push_back({{"what", link.what}, {"text", link.text}, {"problem", link.problem}});
  }
  return array;
}

void PrintJson(const Explanation& explanation) {
  json::object object{
      {"target", explanation.target}, {"fine", explanation.fine}, {"verdict", explanation.verdict}};
  json::array& found = object["found"].emplace_array();
  for (const Chain& chain : explanation.found) {
    found.push_back({{"instance", chain.instance}, {"links", ArrayOf(chain.links)}});
  }
  object["left_out"] = explanation.left_out;
  object["elsewhere"] = ArrayOf(explanation.elsewhere);
  fmt::print("{}\n", std::string_view(json::serialize(object)));
}

int RunExplain(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  const auto target = ParseTarget(invocation.words[0]);
  if (!target) return Report(target.error());
  const auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const auto explanation =
      Explain([&](const std::string& path) { return api->Get(path); }, *target);
  if (!explanation) {
    (void)Report(explanation.error());
    return kFailed;
  }
  if (*output == Output::kJson) {
    PrintJson(*explanation);
  } else {
    Print(*explanation);
  }
  return explanation->fine ? kDone : kFailed;
}

}  // namespace

Command ExplainCommand() {
  return {
      "explain",
      "TARGET",
      1,
      1,
      "Tells the whole way of a target, from its registration to Prometheus.",
      "A verdict, then the chain: who registered it, how it is, in which names and URLs it is,\n"
      "who asked for them and was told of it, and what changed lately; `!` stands before\n"
      "what is wrong.  Exit status 1: it is not registered, or something is wrong.\n\n"
      "Examples:\n"
      "  rollcall explain 10.1.2.3:9100\n"
      "  rollcall explain server01.node",
      Join({{OutputSetting()}, ServerSettings(), LogSettings()}),
      &RunExplain,
      "ADDRESS[:PORT], NAME[:PORT], or the URL that Prometheus shows."};
}

}  // namespace rollcall::app
