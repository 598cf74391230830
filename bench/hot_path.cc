// The way of a question from octets to octets, for counting its instructions.
//   hot_path SET COUNT
// asks COUNT questions of the kind SET of a view of 1,000 services of three instances; tools/
// instructions.py takes the difference between two COUNTs.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "answer/respond.h"
#include "catalog/registration.h"
#include "wire/build_query.h"

namespace rollcall {
namespace {

constexpr int kServices = 1000;
constexpr std::size_t kQuestions = 512;

wire::Name NameOf(const std::string& text) {
  return wire::Name::FromText(text).value();
}

void Put(catalog::View& view, const std::string& path, int number) {
  const std::string key = "/skydns/internal/prom/" + path;
  const std::string value =
      fmt::format(R"({{"host":"10.0.{}.{}","port":9100}})", number / 250, number % 250);
  view.tree.Put(
      catalog::MakeRegistration("/skydns", {.key = key, .value = value}, nullptr).value());
}

void Fill(catalog::View& view) {
  view.tree.BeginPublication(++view.changes);
  for (int i = 0; i < 3 * kServices; ++i) Put(view, fmt::format("node{}/host{}", i / 3, i % 3), i);
  for (int i = 0; i < 100; ++i) Put(view, fmt::format("hundred/host{}", i), i);
}

struct Set {
  std::string_view name;
  const char* question;  // {}: a number
  wire::Type type;
  bool tcp;
  bool ready;  // kept from an earlier asking, not made
};

constexpr Set kSets[] = {
    {"srv-ready", "node{}.prom.internal", wire::Type::kSrv, false, true},
    {"srv-made", "node{}.prom.internal", wire::Type::kSrv, false, false},
    {"a-ready", "host1.node{}.prom.internal", wire::Type::kA, false, true},
    {"a-made", "host1.node{}.prom.internal", wire::Type::kA, false, false},
    {"nxdomain-ready", "nowhere{}.prom.internal", wire::Type::kA, false, true},
    {"nxdomain-made", "nowhere{}.prom.internal", wire::Type::kA, false, false},
    {"srv-of-100-made", "hundred.prom.internal", wire::Type::kSrv, true, false},
};

int Ask(const Set& set, unsigned long count) {
  catalog::View view;
  Fill(view);
  const answer::Zones zones({.names = {NameOf("prom.internal")}});
  answer::ResponderOptions options;
  if (set.ready) options = WithReady(options, 4 << 20);
  answer::Responder responder(zones, options);
  std::vector<std::vector<std::uint8_t>> messages;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    wire::Question question;
    question.name = NameOf(fmt::format(fmt::runtime(set.question), i));
    question.type = set.type;
    messages.push_back(wire::BuildQuery(question, {.edns_udp_size = 1232}));
  }
  std::vector<std::uint8_t> out(wire::kMaxMessageSize);
  for (unsigned long i = 0; i < kQuestions + count; ++i) {
    const auto& message = messages[i % kQuestions];
    answer::Request request;
    request.message = message;
    request.tcp = set.tcp;
    request.foreseen = responder.Foresee(message);
    const answer::Responded said = responder.Respond(view, request, out);
    if (said.outcome != answer::Outcome::kReply || (i >= kQuestions && said.ready != set.ready)) {
      fmt::print(stderr, "hot_path: {}: not the reply it should be\n", set.name);
      return 1;
    }
  }
  return 0;
}

int Main(int words, char** word) {
  for (const Set& set : kSets) {
    if (words == 3 && set.name == word[1]) return Ask(set, std::strtoul(word[2], nullptr, 10));
    if (words == 1) fmt::print("{}\n", set.name);
  }
  if (words == 1) return 0;
  fmt::print(stderr, "usage: hot_path SET COUNT; without arguments: the sets\n");
  return 2;
}

}  // namespace
}  // namespace rollcall

int main(int count, char** words) {
  return rollcall::Main(count, words);
}
