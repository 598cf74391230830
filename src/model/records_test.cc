#include "model/records.h"

#include <gtest/gtest.h>

#include "model/time.h"

namespace rollcall::model {
namespace {

constexpr Area kAll[] = {Area::kAlive,    Area::kRegistered, Area::kLost,
                         Area::kGone,     Area::kHeld,       Area::kMaintenance,
                         Area::kStopping, Area::kOwner,      Area::kAdvertised};

TEST(Records, LieUnderTheWholeKeyOfTheirRegistration) {
  EXPECT_EQ(RecordKey(Area::kAlive, "/skydns/internal/prom/node/a"),
            "/rollcall/v1/alive/skydns/internal/prom/node/a");
  EXPECT_EQ(HostRecordKey(Area::kOwner, "server01"), "/rollcall/v1/owner/@server01");
}

TEST(Records, AreFoundByTheirKeyAgain) {
  for (const Area area : kAll) {
    const auto place = ParseRecordKey(RecordKey(area, "/skydns/a/b"));
    ASSERT_TRUE(place) << ToString(area);
    EXPECT_EQ(place->area, area);
    EXPECT_EQ(place->key, "/skydns/a/b");
    EXPECT_EQ(place->host, "");
    const auto host = ParseRecordKey(HostRecordKey(area, "server01"));
    ASSERT_TRUE(host) << ToString(area);
    EXPECT_EQ(host->key, "");
    EXPECT_EQ(host->host, "server01");
  }
}

TEST(Records, OfOthersAreNone) {
  for (const char* key :
       {"", "/", "/skydns/a", "/rollcall/v1", "/rollcall/v1/", "/rollcall/v1/alive",
        "/rollcall/v1/alive/", "/rollcall/v1/serial", "/rollcall/v1/what/a/b",
        "/rollcall/v2/alive/a/b", "/rollcall/v10/alive/a/b"}) {
    EXPECT_FALSE(ParseRecordKey(key)) << key;
  }
}

TEST(Records, AreReadAsTheyWereWritten) {
  const Record full{.since = *ParseTime("2026-01-31T12:00:00Z"),
                    .by = "agent:server01",
                    .why = "a \"reason\"",
                    .health = Health::kCritical,
                    .machine = "0123456789abcdef",
                    .until = *ParseTime("2026-02-01T00:00:00Z"),
                    .value = R"({"host":"192.0.2.1"})"};
  const auto again = ParseRecord(ToJson(full));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, full);
  const Record least{.since = full.since};
  EXPECT_EQ(ToJson(least), R"({"since":"2026-01-31T12:00:00Z","by":"","why":""})");
  EXPECT_EQ(ParseRecord(ToJson(least)), least);
}

TEST(Records, HoldWhatIsNoUtf8AsGoWouldReadIt) {
  const Record held{.why = "\xFF", .value = "{\"text\":\"a\xC3(\"}"};
  const auto again = ParseRecord(ToJson(held));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->why, "\uFFFD");
  EXPECT_EQ(again->value, "{\"text\":\"a\uFFFD(\"}");
}

TEST(Records, IgnoreWhatANewerRollcallAdds) {
  EXPECT_TRUE(ParseRecord(R"({"since":"2026-01-31T12:00:00Z","colour":{"a":[1]},"version":1})"));
}

TEST(Records, SayWhatIsWrongWithThem) {
  const auto problem = [](const char* json) {
    const auto record = ParseRecord(json);
    return record ? "nothing" : record.error().message;
  };
  EXPECT_EQ(problem("[]"), "not an object");
  EXPECT_EQ(problem("{").substr(0, 8), "not JSON");
  EXPECT_EQ(problem("{}"), "member since: is missing");
  EXPECT_EQ(problem(R"({"since":7})"), "member since: is not a string");
  EXPECT_EQ(problem(R"({"since":"2026-01-31T12:00:00Z","health":"fine"})"),
            "member health: \"fine\" is no health");
  EXPECT_EQ(problem(R"({"since":"2026-01-31T12:00:00Z","version":2})"),
            "member version: is of a newer rollcall");
  EXPECT_EQ(problem(R"({"since":"2026-01-31T12:00:00Z","until":"later"})"),
            "member until: \"later\" is not a time such as 2026-01-31T12:00:00Z");
}

TEST(State, HealthyIsWhatIsNotKnownToBeIll) {
  EXPECT_TRUE(IsHealthy(State::kStatic));
  EXPECT_TRUE(IsHealthy(State::kPassing));
  EXPECT_TRUE(IsHealthy(State::kWarning));
  EXPECT_FALSE(IsHealthy(State::kCritical));
  EXPECT_FALSE(IsHealthy(State::kLost));
  EXPECT_FALSE(IsHealthy(State::kMaintenance));
}

}  // namespace
}  // namespace rollcall::model
