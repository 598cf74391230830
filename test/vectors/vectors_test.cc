// Asks every vector's question of the program's own answering function, bytes in
// and bytes out, and compares the reply.  One test for each vector.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <vector>

#include "answer/respond.h"
#include "case.h"
#include "compare.h"
#include "model/time.h"
#include "wire/decode.h"

namespace rollcall::vectors {
namespace {

namespace json = boost::json;
using answer::Outcome;

// The world outside: what a resolver would reply to `asked`.
class World {
 public:
  explicit World(const Case& from) : case_(from) {
    for (const json::value& text : from.outside) Add(std::string(text.as_string()));
  }

  [[nodiscard]] answer::OutsideResult Ask(const answer::Outside& asked) const {
    answer::OutsideResult result{.asked = asked, .truncated = false, .answer = {}};
    for (const Entry& entry : entries_) {
      if (entry.record.type == asked.type && entry.record.owner == asked.name.view()) {
        result.answer.push_back(entry.record);
      }
    }
    for (const json::value& name : case_.outside_truncated) {
      if (NameOf(name.as_string()) == asked.name) result.truncated = true;
    }
    return result;
  }

 private:
  struct Entry {
    std::unique_ptr<wire::Name> owner;
    wire::Record record;
  };

  // "OWNER TTL IN A|AAAA ADDRESS"
  void Add(const std::string& text) {
    std::istringstream in(text);
    std::string owner, ttl, qclass, type, address;
    in >> owner >> ttl >> qclass >> type >> address;
    Entry entry{std::make_unique<wire::Name>(NameOf(owner)), {}};
    entry.record.owner = *entry.owner;
    entry.record.type = TypeOf(type);
    entry.record.ttl = static_cast<std::uint32_t>(std::stoul(ttl));
    const auto host = model::ClassifyHost(address);
    ASSERT_TRUE(host);
    if (entry.record.type == wire::Type::kA) {
      wire::A a;
      std::copy_n(host->address.begin(), 4, a.address.begin());
      entry.record.rdata = a;
    } else {
      entry.record.rdata = wire::Aaaa{host->address};
    }
    entries_.push_back(std::move(entry));
  }

  const Case& case_;
  std::vector<Entry> entries_;
};

class VectorTest : public testing::Test {
 public:
  VectorTest(std::shared_ptr<const Suite> suite, std::size_t index)
      : suite_(std::move(suite)), case_(suite_->cases[index]) {}

  void TestBody() override {
    const SteadyTime now{std::chrono::hours(1)};
    catalog::View view;
    Load(case_.data, now, view);
    answer::Zones zones({.names = suite_->zones, .default_ttl = 300, .negative_ttl = 30});
    answer::Responder responder(zones, {.max_udp_size = 4096, .nsid = ""});

    const std::vector<std::uint8_t> query = MakeQuery(case_.question);
    const World world(case_);
    std::vector<answer::OutsideResult> outside;
    answer::Request request{
        .message = query, .now = now, .wall_now = *model::ParseTime("2026-01-31T12:00:00Z")};
    request.tcp = case_.question.contains("tcp");
    if (!case_.outside.empty()) request.outside = &outside;

    std::vector<std::uint8_t> out(wire::kMaxMessageSize);
    answer::Responded responded = responder.Respond(view, request, out);
    for (int round = 0; responded.outcome == Outcome::kNeedsOutside && round < 3; ++round) {
      for (const answer::Outside& need : responder.needs()) outside.push_back(world.Ask(need));
      responded = responder.Respond(view, request, out);
    }
    Check(responded, std::span(out).first(responded.size));
  }

 private:
  void Check(const answer::Responded& responded, std::span<const std::uint8_t> message) {
    const Outcome expected = case_.expect.contains("no_reply")    ? Outcome::kNoReply
                             : case_.expect.contains("forwarded") ? Outcome::kForward
                                                                  : Outcome::kReply;
    ASSERT_EQ(responded.outcome, expected);
    if (expected != Outcome::kReply) return;
    const auto reply = wire::DecodeResponse(message);
    ASSERT_TRUE(reply) << reply.error().message;
    for (const std::string& wrong : Compare(case_.expect, case_.question, *reply, message.size())) {
      ADD_FAILURE() << wrong;
    }
  }

  std::shared_ptr<const Suite> suite_;
  const Case& case_;
};

void RegisterAll() {
  for (const auto& entry : std::filesystem::directory_iterator(VECTORS_DIR)) {
    if (entry.path().extension() != ".json") continue;
    const auto suite = std::make_shared<const Suite>(ReadSuite(entry.path()));
    for (std::size_t i = 0; i < suite->cases.size(); ++i) {
      testing::RegisterTest(suite->name.c_str(), suite->cases[i].name.c_str(), nullptr, nullptr,
                            __FILE__, __LINE__,
                            [suite, i]() -> testing::Test* { return new VectorTest(suite, i); });
    }
  }
}

}  // namespace
}  // namespace rollcall::vectors

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  rollcall::vectors::RegisterAll();
  return RUN_ALL_TESTS();
}
