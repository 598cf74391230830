#include "serving/api/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/http/testing/recorded_exchange.h"

namespace rollcall::serving::api {
namespace {

using namespace std::chrono_literals;
using catalog::HistoryEntry;
using http::testing::RecordedExchange;
using ::testing::HasSubstr;
using ::testing::Not;

class MovableClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return now; }
  [[nodiscard]] WallTime WallNow() const override { return WallTime(std::chrono::hours(1000)); }
  SteadyTime now{1h};
};

// A client that takes nothing until it is told to.
class SlowExchange final : public http::Exchange {
 public:
  [[nodiscard]] const http::Request& request() const override { return request_; }
  void Reply(http::Response) override {}
  void Begin(http::Response) override {}
  [[nodiscard]] bool Send(http::Octets piece) override {
    waiting_ += piece->size();
    most = std::max(most, waiting_);
    return true;
  }
  [[nodiscard]] bool SendShared(http::Octets piece) override { return Send(std::move(piece)); }
  void End() override { ended = true; }
  [[nodiscard]] std::size_t waiting() const override { return waiting_; }
  void WhenGone(std::function<void()>) override {}
  void Take() { waiting_ = 0; }

  bool ended = false;
  std::size_t most = 0;

 private:
  http::Request request_;
  std::size_t waiting_ = 0;
};

class EventsTest : public ::testing::Test {
 protected:
  using Client = std::shared_ptr<RecordedExchange>;

  EventsTest() { history_.Begin(10); }

  Client Open(std::vector<http::Field> parameters = {}, std::vector<http::Field> headers = {}) {
    http::Request request;
    request.path = "/api/v1/events";
    request.parameters = std::move(parameters);
    request.headers = std::move(headers);
    auto client = std::make_shared<RecordedExchange>(std::move(request));
    events_.Open(client);
    return client;
  }
  void Happen(store::Revision revision, const std::string& instance = "a",
              const std::string& service = "node") {
    HistoryEntry entry;
    entry.revision = revision;
    entry.event = catalog::HistoryEvent::kRegistered;
    entry.subject = "/skydns/z/" + service + "/" + instance;
    entry.name = wire::Name::FromText(instance + "." + service + ".z").value().view().wire();
    history_.Append({entry});
  }

  MovableClock clock_;
  catalog::History history_{{.most = 1000}, clock_};
  answer::Zones zones_{{.names = {wire::Name::FromText("z").value()}}};
  Events events_{history_, zones_, clock_, {.most_streams = 3, .most_waiting = 1000}};
};

TEST_F(EventsTest, SendsWhatHappensFromNowOn) {
  Happen(11);
  const Client client = Open();
  EXPECT_EQ(client->response().content_type, "text/event-stream");
  events_.Turn();
  EXPECT_EQ(client->body(), "retry: 2000\nid: 11\n\n");
  Happen(12, "b");
  events_.Turn();
  EXPECT_THAT(client->body(), HasSubstr("event: registered\nid: 12\ndata: {\"id\":\"12\""));
  EXPECT_THAT(client->body(), HasSubstr(R"("name":"node.z","instance":"b"})"
                                        "\n\n"));
  EXPECT_FALSE(client->over());
}

TEST_F(EventsTest, GoesOnWhereAClientWas) {
  Happen(11);
  Happen(11, "b");
  Happen(12, "c");
  const Client by_header = Open({{"since", "10"}}, {{"last-event-id", "11"}});
  const Client by_parameter = Open({{"since", "11.1"}});
  events_.Turn();
  EXPECT_THAT(by_header->body(), HasSubstr("id: 11.1\n"));
  EXPECT_THAT(by_header->body(), HasSubstr("id: 12\n"));
  EXPECT_THAT(by_parameter->body(), Not(HasSubstr("\"b\"")));
  EXPECT_THAT(by_parameter->body(), HasSubstr("id: 12\n"));
}

TEST_F(EventsTest, SaysSoWhenItCannotGoOn) {
  Happen(11);
  for (const char* since : {"9", "99"}) {
    const Client client = Open({{"since", since}});
    events_.Turn();
    EXPECT_THAT(client->body(), HasSubstr("event: reset\nid: 11\ndata: {\"last\":\"11\"}\n\n"));
    client->Leave();
    events_.Turn();
  }
}

TEST_F(EventsTest, OfANameOnlyWhatConcernsIt) {
  const Client client = Open({{"name", "node.z"}});
  Happen(11, "a", "mysql");
  Happen(12, "a", "node");
  Happen(13, "a", "node-x");
  events_.Turn();
  EXPECT_THAT(client->body(), HasSubstr("id: 12\n"));
  EXPECT_THAT(client->body(), Not(HasSubstr("id: 11\n")));
  EXPECT_THAT(client->body(), Not(HasSubstr("id: 13\n")));
}

TEST_F(EventsTest, ACommentShowsThatTheStreamIsThere) {
  const Client client = Open();
  clock_.now += 14s;
  events_.Turn();
  EXPECT_THAT(client->body(), Not(HasSubstr(":\n\n")));
  clock_.now += 1s;
  events_.Turn();
  EXPECT_THAT(client->body(), ::testing::EndsWith("\n\n:\n\n"));
  clock_.now += 14s;
  Happen(11);
  events_.Turn();
  clock_.now += 14s;
  events_.Turn();
  EXPECT_THAT(client->body(), Not(::testing::EndsWith(":\n\n")));
}

TEST_F(EventsTest, WhoGoesIsForgottenAndMakesRoom) {
  const Client a = Open();
  const Client b = Open();
  const Client c = Open();
  EXPECT_EQ(Open()->response().status, 503U);
  EXPECT_EQ(events_.streams(), 3U);
  events_.Turn();
  b->Leave();
  events_.Turn();
  EXPECT_EQ(events_.streams(), 2U);
  EXPECT_EQ(Open()->response().status, 200U);
}

TEST_F(EventsTest, ASlowClientIsSentNoMoreThanItTakesAndThenCutOff) {
  const auto slow = std::make_shared<SlowExchange>();
  events_.Open(slow);
  for (int i = 0; i < 100; ++i) Happen(11 + i);
  events_.Turn();
  EXPECT_LT(slow->most, 1400U);
  slow->Take();
  events_.Turn();
  EXPECT_GT(slow->waiting(), 1000U);
  EXPECT_LT(slow->most, 1400U);
  clock_.now += 29s;
  events_.Turn();
  EXPECT_FALSE(slow->ended);
  clock_.now += 1s;
  events_.Turn();
  EXPECT_TRUE(slow->ended);
  EXPECT_EQ(events_.streams(), 0U);
}

TEST_F(EventsTest, WhatIsForgottenMeanwhileIsAReset) {
  const auto slow = std::make_shared<SlowExchange>();
  events_.Open(slow);
  for (int i = 0; i < 20; ++i) Happen(11 + i);
  events_.Turn();
  const Client quick = Open();
  for (int i = 0; i < 2000; ++i) Happen(100 + i);
  events_.Turn();
  EXPECT_THAT(quick->body(), HasSubstr("event: reset"));
}

// For the thread sanitizer: the thread sends while clients come and go.
TEST(EventsThread, SendsToThoseWhoAreThereAndEndsThemAll) {
  catalog::History history;
  history.Begin(1);
  const answer::Zones zones({.names = {wire::Name::FromText("z").value()}});
  std::vector<std::shared_ptr<RecordedExchange>> clients;
  {
    Events events(history, zones, SystemClock());
    events.Start();
    for (int i = 0; i < 50; ++i) {
      auto client = std::make_shared<RecordedExchange>(http::Request{});
      events.Open(client);
      if (i % 5 != 0) clients.push_back(client);
      HistoryEntry entry;
      entry.revision = 2 + i;
      history.Append({entry});
      if (i % 5 == 0) client->Leave();
    }
    const auto end = SystemClock().Now() + 10s;
    const auto all_have_it = [&] {
      return std::all_of(clients.begin(), clients.end(), [](const auto& client) {
        return client->body().find("id: 51\n") != std::string::npos;
      });
    };
    while (!all_have_it() && SystemClock().Now() < end) std::this_thread::yield();
    EXPECT_TRUE(all_have_it());
  }
  for (const auto& client : clients) EXPECT_TRUE(client->over());
}

}  // namespace
}  // namespace rollcall::serving::api
