// Replies that are kept are the ones that would be made.
#include "answer/ready.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "answer/fixture.h"
#include "answer/respond.h"
#include "wire/build_query.h"
#include "wire/decode.h"

namespace rollcall::answer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::N;
using testing::ResolveTest;
using wire::Type;

using Octets = std::vector<std::uint8_t>;

class ReadyTest : public ResolveTest {
 protected:
  // As the publisher has it: one publication.
  void Change(const std::function<void()>& change) {
    view_.tree.BeginPublication(++view_.changes);
    change();
  }
  void Erase(const std::string& path) { view_.tree.Erase("/skydns/" + path, ++view_.revision); }

  static Octets Question(std::string_view name, Type type, wire::QueryOptions options = {}) {
    wire::Question question;
    question.name = N(name);
    question.type = type;
    return wire::BuildQuery(question, options);
  }
  // As who keeps replies says it, held against who does not; empty: they said nothing.
  Octets Ask(const Octets& message, bool tcp = false) {
    Request request{.message = message, .tcp = tcp, .now = context_.now};
    request.standing = context_.standing;
    request.wall_now = context_.wall_now;
    request.outside = context_.outside;
    const Responded made = maker_.Respond(view_, request, expected_);
    request.foreseen = keeper_.Foresee(message);
    keeper_.Await(request.foreseen);
    said_ = keeper_.Respond(view_, request, out_);
    EXPECT_EQ(said_.outcome, made.outcome);
    EXPECT_EQ(said_.rcode, made.rcode);
    EXPECT_EQ(said_.truncated, made.truncated);
    EXPECT_EQ(said_.asked, made.asked);
    EXPECT_EQ(said_.type, made.type);
    EXPECT_EQ(said_.name.wire(), made.name.wire());
    EXPECT_EQ(said_.several, made.several);
    const auto size = static_cast<std::ptrdiff_t>(said_.size);
    Octets reply(out_.begin(), out_.begin() + size);
    EXPECT_EQ(reply, Octets(expected_.begin(), expected_.begin() + size));
    return reply;
  }
  Octets Ask(std::string_view name, Type type) { return Ask(Question(name, type)); }
  // Whether the reply to it, which has to be the right one, is ready-made.
  bool IsReady(std::string_view name, Type type) {
    (void)Ask(name, type);
    return said_.ready;
  }

  static constexpr std::size_t kOctets = 1 << 16;
  Responder maker_{zones_, {.nsid = "replica-1"}};
  Responder keeper_{zones_, {.nsid = "replica-1", .ready_octets = kOctets}};
  Octets expected_ = Octets(wire::kMaxMessageSize);
  Octets out_ = Octets(wire::kMaxMessageSize);
  Responded said_;
};

TEST_F(ReadyTest, TheSecondAskingIsAnsweredByACopyWithItsOwnId) {
  PutHost("test/z/s/a", "10.0.0.1");
  const Octets first = Ask(Question("s.z.test", Type::kSrv, {.id = 1}));
  EXPECT_FALSE(said_.ready);
  const Octets second = Ask(Question("s.z.test", Type::kSrv, {.id = 0xABCD}));
  EXPECT_TRUE(said_.ready);
  EXPECT_EQ(second[0], 0xAB);
  EXPECT_EQ(second[1], 0xCD);
  EXPECT_EQ(Octets(first.begin() + 2, first.end()), Octets(second.begin() + 2, second.end()));
}

TEST_F(ReadyTest, OneNamesChangeLeavesTheRepliesOfOthers) {
  Change([&] {
    PutHost("test/z/s/a", "10.0.0.1");
    PutHost("test/z/other/a", "10.0.1.1");
  });
  for (const char* name : {"s.z.test", "other.z.test", "nowhere.z.test"}) Ask(name, Type::kSrv);
  Change([&] { PutHost("test/z/s/b", "10.0.0.2"); });
  EXPECT_FALSE(IsReady("s.z.test", Type::kSrv));
  EXPECT_TRUE(IsReady("s.z.test", Type::kSrv));
  EXPECT_TRUE(IsReady("other.z.test", Type::kSrv));
  EXPECT_TRUE(IsReady("nowhere.z.test", Type::kSrv)) << "with the serial of now";
}

TEST_F(ReadyTest, SeesWhatComesAndGoesBelowANameThatWasNotThere) {
  EXPECT_FALSE(IsReady("s.z.test", Type::kA));
  Change([&] { PutHost("test/z/s/deep/er", "10.0.0.1"); });
  EXPECT_FALSE(IsReady("s.z.test", Type::kA));
  EXPECT_EQ(said_.rcode, wire::Rcode::kNoError);
  Change([&] { Erase("test/z/s/deep/er"); });
  EXPECT_FALSE(IsReady("s.z.test", Type::kA));
  EXPECT_EQ(said_.rcode, wire::Rcode::kNxDomain);
}

TEST_F(ReadyTest, AnAliasHangsOnItsTarget) {
  Change([&] {
    PutHost("test/z/alias", "target.y.test");
    PutHost("test/y/target", "10.0.0.1");
  });
  Ask("alias.z.test", Type::kA);
  EXPECT_TRUE(IsReady("alias.z.test", Type::kA));
  Change([&] { PutHost("test/y/target", "10.0.0.2"); });
  EXPECT_FALSE(IsReady("alias.z.test", Type::kA));
}

TEST_F(ReadyTest, GlueOfManyNamesIsNotKept) {
  Change([&] {
    for (int i = 0; i < 12; ++i) {
      PutHost("test/z/s/i" + std::to_string(i), "t" + std::to_string(i) + ".y.test");
    }
  });
  Ask("s.z.test", Type::kSrv);
  EXPECT_FALSE(IsReady("s.z.test", Type::kSrv));
}

TEST_F(ReadyTest, TheTtlOfALeaseRunsDown) {
  Change([&] { Put("test/z/s", R"({"host":"10.0.0.1"})", 7); });
  Ask("s.z.test", Type::kA);
  EXPECT_FALSE(IsReady("s.z.test", Type::kA)) << "nobody knows it yet";
  view_.leases[7] = context_.now + seconds(100) + milliseconds(250);
  Ask("s.z.test", Type::kA);
  EXPECT_TRUE(IsReady("s.z.test", Type::kA));
  context_.now += milliseconds(200);
  EXPECT_TRUE(IsReady("s.z.test", Type::kA));
  context_.now += milliseconds(50);
  EXPECT_FALSE(IsReady("s.z.test", Type::kA)) << "a second less";
}

TEST_F(ReadyTest, HealthAndNsidAreSaidAnew) {
  Change([&] { PutOwned("test/z/s/a", "10.0.0.1", model::Health::kPassing); });
  Ask("_healthy.s.z.test", Type::kSrv);
  EXPECT_FALSE(IsReady("_healthy.s.z.test", Type::kSrv));
  const Octets question =
      Question("s.z.test", Type::kSrv, {.edns_udp_size = 1232, .wants_nsid = true});
  (void)Ask(question);
  (void)Ask(question);
  EXPECT_FALSE(said_.ready);
  Ask("_shard0of2.s.z.test", Type::kSrv);
  EXPECT_TRUE(IsReady("_shard0of2.s.z.test", Type::kSrv));
}

TEST_F(ReadyTest, AnotherStandingHasAnotherReply) {
  PutHost("test/z/s", "10.0.0.1");
  for (const auto standing : {catalog::Standing::kSynced, catalog::Standing::kStale,
                              catalog::Standing::kNever, catalog::Standing::kSynced}) {
    context_.standing = standing;
    for (const char* name : {"s.z.test", "nowhere.z.test"}) {
      EXPECT_FALSE(IsReady(name, Type::kA));
      EXPECT_TRUE(IsReady(name, Type::kA));
    }
  }
}

TEST_F(ReadyTest, TransportsSizesAndFlagsAreTheirOwnQuestions) {
  for (int i = 0; i < 60; ++i) {
    PutHost("test/z/s/i" + std::to_string(i), "10.0.0." + std::to_string(i + 1));
  }
  for (int round = 0; round < 2; ++round) {
    for (const int size : {0, 512, 1232}) {
      for (const bool recursion : {false, true}) {
        wire::QueryOptions options;
        if (size > 0) options.edns_udp_size = static_cast<std::uint16_t>(size);
        options.recursion_desired = recursion;
        const Octets question = Question("s.z.test", Type::kSrv, options);
        (void)Ask(question);
        (void)Ask(question, true);
      }
    }
  }
}

TEST_F(ReadyTest, WhatComesFromOutsideIsNotKept) {
  PutHost("test/z/s", "out.example");
  context_.outside = &outside_;
  (void)Ask("s.z.test", Type::kA);
  EXPECT_EQ(said_.outcome, Outcome::kNeedsOutside);
  Reply("out.example", Type::kA, {});
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(IsReady("s.z.test", Type::kA));
}

TEST_F(ReadyTest, AReplyLargerThanTheRingIsJustSent) {
  for (int i = 0; i < 1000; ++i) {
    PutHost("test/z/s/i" + std::to_string(i), "10.0.0." + std::to_string(i % 250));
  }
  const Octets question = Question("s.z.test", Type::kSrv);
  for (int i = 0; i < 2; ++i) {
    (void)Ask(question, true);
    EXPECT_FALSE(said_.ready);
    EXPECT_GT(said_.size, kOctets / 4);
  }
}

// As if chance had it, or somebody who knew the seed.
TEST_F(ReadyTest, QuestionsOfOneHashAreNotTakenForEachOther) {
  constexpr std::uint64_t kHash = 1;
  Ready ready(kOctets);
  const Octets one = Question("a.z.test", Type::kA);
  const Octets as_long = Question("b.z.test", Type::kA);
  const Octets longer = Question("a.z.test", Type::kA, {.edns_udp_size = 1232});
  const auto find = [&](const Octets& question) {
    return ready.Find(question, kHash, {}, view_, context_.now, out_).has_value();
  };
  ready.Keep(one, kHash, {}, view_, {}, one, {});
  EXPECT_TRUE(find(one));
  EXPECT_FALSE(find(as_long));
  EXPECT_FALSE(find(longer));
  // The last is kept, in the room of the first or beside it.
  ready.Keep(longer, kHash, {}, view_, {}, longer, {});
  EXPECT_FALSE(find(one));
  EXPECT_TRUE(find(longer));
  ready.Keep(as_long, kHash, {}, view_, {}, as_long, {});
  EXPECT_TRUE(find(as_long));
  EXPECT_FALSE(find(longer));
}

TEST_F(ReadyTest, TheRingIsAsLargeAsTheFleetWantsAndNeverLargerThanAllowed) {
  constexpr std::size_t kMiB = 1 << 20;
  EXPECT_EQ(Ready::OctetsFor(0, 128 * kMiB), 4 * kMiB);
  EXPECT_EQ(Ready::OctetsFor(100'000, 128 * kMiB), 16 * kMiB);
  EXPECT_EQ(Ready::OctetsFor(10'000'000, 128 * kMiB), 128 * kMiB);
  EXPECT_EQ(Ready::OctetsFor(0, kMiB), kMiB);
  EXPECT_EQ(Ready::OctetsFor(10'000'000, 100 * kMiB), 64 * kMiB) << "a power of two";
}

// In the midst of a batch, of which a part was looked for in the smaller one.
TEST_F(ReadyTest, ARingThatGrowsForgetsAndGoesOn) {
  Responder keeper{zones_, WithReady({}, 16 << 20)};
  const auto respond = [&](const Octets& message, std::uint64_t foreseen) {
    return keeper.Respond(view_, {.message = message, .now = context_.now, .foreseen = foreseen},
                          out_);
  };
  PutHost("test/z/s/a", "10.0.0.1");
  const Octets kept = Question("s.z.test", Type::kSrv);
  (void)respond(kept, 0);
  EXPECT_TRUE(respond(kept, 0).ready);
  Change([&] {
    for (int i = 0; i < 33'000; ++i) PutHost("test/y/i" + std::to_string(i), "10.0.0.1");
  });
  const Octets fresh = Question("i1.y.test", Type::kA);
  const std::uint64_t foreseen[] = {keeper.Foresee(fresh), keeper.Foresee(kept)};
  for (const std::uint64_t each : foreseen) keeper.Await(each);
  EXPECT_FALSE(respond(fresh, foreseen[0]).ready);
  const Responded said = respond(kept, foreseen[1]);
  EXPECT_FALSE(said.ready);
  EXPECT_EQ(said.rcode, wire::Rcode::kNoError);
  EXPECT_TRUE(respond(fresh, foreseen[0]).ready);
  EXPECT_TRUE(respond(kept, foreseen[1]).ready);
}

}  // namespace
}  // namespace rollcall::answer
