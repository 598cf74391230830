#include "serving/sd/bodies.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "serving/http/testing/recorded_exchange.h"

namespace rollcall::serving::sd {
namespace {

BodyPtr MakeBody(std::size_t octets, Moment moment = {}) {
  return std::make_shared<Body>(Body::Facts{.moment = moment}, std::string(octets, 'x'));
}

class BodiesTest : public ::testing::Test {
 protected:
  void Begin(Bodies::Limits limits) { bodies_ = std::make_unique<Bodies>(worker_, limits); }
  void TearDown() override { worker_.Stop(); }

  BodyPtr Keep(const std::string& key, std::size_t octets, Moment moment = {}) {
    return bodies_->MakeHere(key, [=](const auto&) { return MakeBody(octets, moment); });
  }
  bool Has(const std::string& key) { return bodies_->Find(key, {}, WallTime()) != nullptr; }
  BodyPtr Make(const std::string& key, const Bodies::Build& build, Moment moment = {}) {
    std::promise<BodyPtr> made;
    bodies_->Make(key, moment, WallTime(), build,
                  [&](const BodyPtr& body) { made.set_value(body); });
    auto result = made.get_future();
    EXPECT_EQ(result.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    return result.get();
  }

  Worker worker_{4};
  std::unique_ptr<Bodies> bodies_;
};

TEST_F(BodiesTest, AreFoundAsLongAsTheyAreTrue) {
  Begin({});
  const auto at = [](int second) { return WallTime(std::chrono::seconds(second)); };
  Body::Facts facts{.moment = {5, 9}, .good_until = at(10)};
  const auto body = std::make_shared<Body>(facts, "x");
  (void)bodies_->MakeHere("a", [&](const auto&) { return body; });
  EXPECT_EQ(bodies_->Find("a", {5, 100}, at(9)), body);
  EXPECT_EQ(bodies_->Find("a", {6, 9}, at(9)), nullptr) << "its name was touched";
  EXPECT_EQ(bodies_->Find("a", {5, 9}, at(10)), nullptr) << "a maintenance has ended";
  EXPECT_EQ(bodies_->Find("b", {5, 9}, at(9)), nullptr);
  facts.elsewhere = true;
  const auto other = std::make_shared<Body>(facts, "x");
  (void)bodies_->MakeHere("a", [&](const auto&) { return other; });
  EXPECT_EQ(bodies_->Find("a", {5, 9}, at(9)), other);
  EXPECT_EQ(bodies_->Find("a", {5, 10}, at(9)), nullptr) << "something else has changed";
}

TEST_F(BodiesTest, ThoseUsedLongestAgoGoFirstAndTheNewestStays) {
  Begin({.most_bodies = 3, .most_octets = 1000});
  for (const char* key : {"a", "b", "c"}) (void)Keep(key, 10);
  EXPECT_TRUE(Has("a"));
  (void)Keep("d", 10);
  EXPECT_TRUE(Has("a") && Has("c") && Has("d"));
  EXPECT_FALSE(Has("b"));
  (void)Keep("e", 985);
  EXPECT_TRUE(Has("e"));
  EXPECT_FALSE(Has("a"));
  (void)Keep("f", 5000);
  EXPECT_TRUE(Has("f")) << "alone, but there";
  EXPECT_FALSE(Has("e"));
}

TEST_F(BodiesTest, AreMadeOnceForAllWhoAskMeanwhileAndAnewForWhoCameTooLate) {
  Begin({});
  std::promise<void> begun;
  std::promise<void> go;
  std::shared_future<void> going(go.get_future());
  std::atomic<int> made{0};
  std::atomic<std::uint64_t> touched{1};
  const Bodies::Build build = [&](const auto&) {
    const Moment moment{touched, 0};
    if (++made == 1) {
      begun.set_value();
      going.wait();
    }
    return MakeBody(1, moment);
  };
  std::promise<void> all;
  std::atomic<int> answered{0};
  std::atomic<bool> old{false};
  const auto ask = [&](Moment moment) {
    bodies_->Make("a", moment, WallTime(), build, [&, moment](const BodyPtr& body) {
      if (body->facts.moment.touched < moment.touched) old = true;
      if (++answered == 30) all.set_value();
    });
  };
  ask({1, 0});
  begun.get_future().wait();
  for (int i = 0; i < 19; ++i) ask({1, 0});
  touched = 2;
  for (int i = 0; i < 10; ++i) ask({2, 0});
  go.set_value();
  ASSERT_EQ(all.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_EQ(made, 2);
  EXPECT_FALSE(old);
}

TEST_F(BodiesTest, WhoWaitsIsGivenOneThatIsNotWholeYetAndSoIsWhoComesThen) {
  Begin({});
  std::promise<BodyPtr> begun;
  std::promise<void> go;
  const Bodies::Build build = [&](const Bodies::Begun& tell) {
    auto body = std::make_shared<Body>(Body::Facts{});
    body->Add("one ");
    tell(body);
    go.get_future().wait();
    body->Add("two ");
    body->Add("three");
    body->End();
    return body;
  };
  bodies_->Make("a", {}, WallTime(), build, [&](const BodyPtr& body) { begun.set_value(body); });
  const BodyPtr body = begun.get_future().get();
  const auto first = std::make_shared<http::testing::RecordedExchange>(http::Request{});
  body->SendTo(first, {200, {}, "application/json"});
  EXPECT_EQ(first->body(), "one ");
  EXPECT_EQ(first->response().content_type, "application/json");
  const auto second = std::make_shared<http::testing::RecordedExchange>(http::Request{});
  EXPECT_EQ(bodies_->Find("a", {}, WallTime()), body);
  body->SendTo(second, {});
  const auto gone = std::make_shared<http::testing::RecordedExchange>(http::Request{});
  body->SendTo(gone, {});
  gone->Leave();
  go.set_value();
  EXPECT_NE(Make("b", [](const auto&) { return MakeBody(1); }), nullptr);  // so "a" is whole
  for (const auto& one : {first, second}) {
    EXPECT_TRUE(one->over());
    EXPECT_EQ(one->body(), "one two three");
  }
  EXPECT_FALSE(gone->over());
  const auto late = std::make_shared<http::testing::RecordedExchange>(http::Request{});
  body->SendTo(late, {});
  EXPECT_EQ(std::get<http::Pieces>(late->response().body).size(), 3U) << "whole, with its length";
  EXPECT_EQ(bodies_->counters().made, 2U);
}

TEST_F(BodiesTest, WhileTooMuchIsBeingSentNoneIsMadeNorAnOldOneGiven) {
  Begin({.most_bodies = 10, .most_octets = 1 << 30, .most_under_way = 300'000});
  const auto give = [](std::uint64_t touched) {
    return [=](const auto&) { return MakeBody(200'000, {touched, 0}); };
  };
  const http::Pieces sent = Make("a", give(1))->pieces();
  http::Pieces also = Make("a", give(2), {2, 0})->pieces();
  int made = 0;
  const Bodies::Build next = [&](const auto&) {
    ++made;
    return MakeBody(200'000, {3, 0});
  };
  EXPECT_EQ(Make("a", next, {3, 0}), nullptr);
  EXPECT_EQ(Make("b", next, {3, 0}), nullptr);
  EXPECT_EQ(made, 0);
  EXPECT_EQ(bodies_->counters().spared, 2U);
  also.clear();  // sent: what is only kept counts for nothing
  EXPECT_EQ(Make("a", next, {3, 0})->facts.moment.touched, 3U);
}

TEST_F(BodiesTest, AreRefusedWhereTheWorkerHasTooMuch) {
  Begin({});
  worker_.Stop();
  EXPECT_EQ(Make("a", [](const auto&) { return MakeBody(1); }), nullptr);
}

}  // namespace
}  // namespace rollcall::serving::sd
