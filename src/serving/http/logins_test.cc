// Tokens, passwords, and how often one may try.
#include <crypt.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "serving/http/admission.h"
#include "serving/http/passwords.h"
#include "serving/http/rate_limit.h"
#include "serving/http/tokens.h"

namespace rollcall::serving::http {
namespace {

using std::chrono::seconds;

// Of "secret" and "other", at the lowest cost.
std::string Hash(const std::string& password) {
  crypt_data data{};
  return crypt_r(password.c_str(), "$2b$04$abcdefghijklmnopqrstuu", &data);
}

TEST(Tokens, AreKnownByTheirHash) {
  const WallTime now{seconds(1'000'000)};
  Tokens tokens;
  tokens.all.push_back({"reader", Sha256("abc"), true, false, {}, {}});
  tokens.all.push_back(
      {"writer", Sha256("def"), false, true, {{"node.x"}, true}, now + seconds(1)});
  EXPECT_EQ(tokens.Whose("abc", now)->user, "token:reader");
  EXPECT_TRUE(tokens.Whose("abc", now)->read);
  EXPECT_FALSE(tokens.Whose("abc", now)->write);
  EXPECT_TRUE(tokens.Whose("def", now)->scope.own_address);
  EXPECT_FALSE(tokens.Whose("def", now + seconds(1))) << "expired";
  EXPECT_FALSE(tokens.Whose("", now));
  EXPECT_FALSE(tokens.Whose("abcd", now));
}

TEST(Tokens, DigestsAreReadStrictly) {
  const std::string digits(64, 'a');
  EXPECT_TRUE(ParseDigest("sha256:" + digits));
  EXPECT_EQ(*ParseDigest("sha256:"
                         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            Sha256("abc"));
  for (const std::string& bad :
       {digits, "sha256:" + digits.substr(1), "sha1:" + digits, "sha256:" + digits + "a",
        "sha256:" + digits.substr(1) + "g", "sha256:-a" + digits.substr(2)}) {
    EXPECT_FALSE(ParseDigest(bad)) << bad;
  }
}

TEST(Passwords, AreHeldAgainstTheirHash) {
  const Users users = {{"alice", Hash("secret")}, {"bob", Hash("other")}};
  Passwords passwords;
  EXPECT_FALSE(passwords.Known(users, "alice", "secret")) << "not yet";
  EXPECT_TRUE(passwords.Check(users, "alice", "secret"));
  EXPECT_TRUE(passwords.Known(users, "alice", "secret"));
  EXPECT_FALSE(passwords.Known(users, "bob", "secret"));
  EXPECT_FALSE(passwords.Check(users, "alice", "other"));
  EXPECT_FALSE(passwords.Known(users, "alice", "other"));
  EXPECT_FALSE(passwords.Check(users, "carol", "secret"));
  EXPECT_FALSE(passwords.Check({}, "alice", "secret"));
  const Users changed = {{"alice", Hash("new")}};
  EXPECT_FALSE(passwords.Known(changed, "alice", "secret")) << "another hash, another password";
}

TEST(Passwords, OnlyBcryptThatEndsInTimeIsTaken) {
  const std::string rest(53, 'a');
  for (const std::string& good : {"$2y$10$" + rest, "$2a$04$" + rest, "$2b$16$" + rest}) {
    EXPECT_TRUE(CheckBcrypt(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), "$2y$17$" + rest, "$2y$31$" + rest, "$2y$03$" + rest, "$2x$10$" + rest,
        "$2y$10$" + rest.substr(1), "$2y$10$" + rest + "a", "$6$salt$" + rest,
        std::string("secret"), "$2y$1a$" + rest, "$2y$10$" + rest.substr(1) + "!"}) {
    EXPECT_FALSE(CheckBcrypt(bad)) << bad;
  }
}

TEST(RateLimit, ABucketFillsAgain) {
  RateLimit limit({seconds(10), 2});
  const SteadyTime start{seconds(1000)};
  EXPECT_TRUE(limit.Take("192.0.2.1", start));
  EXPECT_TRUE(limit.Has("192.0.2.1", start));
  EXPECT_TRUE(limit.Take("192.0.2.1", start));
  EXPECT_FALSE(limit.Has("192.0.2.1", start));
  EXPECT_FALSE(limit.Take("192.0.2.1", start));
  EXPECT_TRUE(limit.Take("192.0.2.2", start)) << "each has his own";
  EXPECT_FALSE(limit.Take("192.0.2.1", start + seconds(9)));
  EXPECT_TRUE(limit.Take("192.0.2.1", start + seconds(10)));
  EXPECT_FALSE(limit.Take("192.0.2.1", start + seconds(10)));
  EXPECT_EQ(limit.Wait(), seconds(10));
  RateLimit none{Rate{}};
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(none.Take("192.0.2.1", start));
}

TEST(RateLimit, ALongIntervalWithManyTokensIsNoOverflow) {
  const SteadyTime now{std::chrono::hours(24 * 365)};
  for (const auto interval :
       {std::chrono::nanoseconds(std::chrono::hours(3)), std::chrono::nanoseconds::max()}) {
    RateLimit limit({interval, 1'000'000});
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(limit.Take("192.0.2.1", now)) << interval.count();
    RateLimit one({interval, 1});
    EXPECT_TRUE(one.Take("192.0.2.1", now));
    EXPECT_FALSE(one.Take("192.0.2.1", now));
    EXPECT_EQ(limit.rate(), (Rate{interval, 1'000'000}));
  }
}

TEST(RateLimit, ItsTableIsBounded) {
  RateLimit limit({seconds(10), 1}, 3);
  SteadyTime now{seconds(1000)};
  for (const char* const address : {"a", "b", "c", "d"}) EXPECT_TRUE(limit.Take(address, now));
  EXPECT_FALSE(limit.Take("e", now)) << "it shares a bucket with d";
  EXPECT_FALSE(limit.Take("a", now));
  now += seconds(20);
  for (const char* const address : {"e", "f", "g"}) EXPECT_TRUE(limit.Take(address, now));
}

TEST(RateLimit, OneHostHasOneBucket) {
  EXPECT_EQ(ClientKey("2001:db8:1:2::1"), ClientKey("2001:db8:1:2:ffff::9"));
  EXPECT_NE(ClientKey("2001:db8:1:2::1"), ClientKey("2001:db8:1:3::1"));
  EXPECT_NE(ClientKey("192.0.2.1"), ClientKey("192.0.2.2"));
}

class AdmissionTest : public ::testing::Test {
 protected:
  static Request With(const std::string& authorization) {
    Request request;
    request.headers = {{"host", "127.0.0.1"}};
    if (!authorization.empty()) request.headers.push_back({"authorization", authorization});
    request.peer.address = "192.0.2.9";
    return request;
  }
  // 200: let in; 0: a password is computed first.
  unsigned Decide(const Request& request, Right right = Right::kRead) {
    const auto verdict = admission_.Decide(request, right, policy_, certificate_, now_, {});
    if (!verdict) return 0;
    identity_ = verdict->identity;
    return verdict->refused ? verdict->refused->status : 200;
  }

  Policy policy_;
  std::string certificate_;
  SteadyTime now_{seconds(1000)};
  Admission admission_{{}};
  Identity identity_;
};

const std::string kRight = "Basic YWxpY2U6c2VjcmV0";  // alice:secret
const std::string kWrong = "Basic YWxpY2U6d3Jvbmc=";

TEST_F(AdmissionTest, APasswordIsComputedOnce) {
  policy_.users = {{"alice", Hash("secret")}};
  EXPECT_EQ(Decide(With("")), 401);
  ASSERT_EQ(Decide(With(kRight)), 0);
  const Verdict verdict = admission_.Compute(With(kRight), Right::kRead, policy_, now_);
  EXPECT_FALSE(verdict.refused);
  EXPECT_EQ(verdict.identity.user, "alice");
  EXPECT_EQ(Decide(With(kRight)), 200);
  EXPECT_EQ(identity_.user, "alice");
}

TEST_F(AdmissionTest, WhoGuessesHasToWait) {
  policy_.users = {{"alice", Hash("secret")}};
  (void)admission_.Compute(With(kRight), Right::kRead, policy_, now_);
  int tries = 0;
  while (Decide(With(kWrong)) == 0 && tries < 100) {
    EXPECT_TRUE(admission_.Compute(With(kWrong), Right::kRead, policy_, now_).refused);
    ++tries;
  }
  EXPECT_EQ(tries, 10);
  EXPECT_EQ(Decide(With(kWrong)), 429);
  EXPECT_EQ(Decide(With(kRight)), 200) << "who was in before stays so, at the same address";
  EXPECT_EQ(Decide(With("Bearer x")), 429) << "of a known password only";
  now_ += seconds(5);
  EXPECT_EQ(Decide(With(kWrong)), 0);
  EXPECT_GE(admission_.counters().failed_logins, 10U);
}

TEST_F(AdmissionTest, ATokenIsKnownAtOnce) {
  policy_.tokens.emplace();
  policy_.tokens->all.push_back({"w", Sha256("abc"), false, true, {{"node.x"}, false}, {}});
  EXPECT_EQ(Decide(With("Bearer abc")), 403) << "it may write only";
  EXPECT_EQ(Decide(With("Bearer abd")), 401);
  EXPECT_EQ(Decide(With(kRight)), 401) << "there are no users";
  EXPECT_EQ(Decide(With("")), 401);
  policy_.tokens->anonymous_read = true;
  EXPECT_EQ(Decide(With("")), 200);
  EXPECT_EQ(Decide(With("Bearer abd")), 401) << "who errs hears so";
}

TEST_F(AdmissionTest, WithoutLoginsACertificateIsOne) {
  Request request = With("Bearer whatever");
  request.method = "DELETE";
  EXPECT_EQ(Decide(request, Right::kRead), 200) << "nobody asked for it";
  EXPECT_EQ(Decide(request, Right::kWrite), 403);
  certificate_ = "CN=ops";
  EXPECT_EQ(Decide(request, Right::kWrite), 200);
  EXPECT_EQ(identity_.user, "cert:CN=ops");
  policy_.users = {{"alice", Hash("secret")}};
  EXPECT_EQ(Decide(With(""), Right::kRead), 401) << "passwords are asked for besides";
}

TEST_F(AdmissionTest, RequestsAreLimitedByAddress) {
  policy_.rate = {seconds(1), 2};
  EXPECT_EQ(Decide(With("")), 200);
  EXPECT_EQ(Decide(With("")), 200);
  EXPECT_EQ(Decide(With("")), 429);
  EXPECT_EQ(Decide(With(""), Right::kNone), 200) << "health is for everybody";
  Request other = With("");
  other.peer.address = "192.0.2.10";
  EXPECT_EQ(Decide(other), 200);
  policy_.rate = {};
  EXPECT_EQ(Decide(With("")), 200) << "a new configuration counts at once";
}

}  // namespace
}  // namespace rollcall::serving::http
