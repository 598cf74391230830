#include "http_client/event_stream.h"

#include <gmock/gmock.h>

namespace rollcall::http_client {
namespace {

using testing::ElementsAre;

std::vector<std::string> Texts(const std::vector<ServerEvent>& events) {
  std::vector<std::string> texts;
  for (const ServerEvent& event : events) {
    texts.push_back(event.type + "|" + event.data + "|" + event.id);
  }
  return texts;
}

TEST(EventStreamTest, ReadsWhatTheApiSends) {
  EventStream stream;
  auto events = stream.Read("retry: 2000\nid: 7\n\n");
  ASSERT_TRUE(events);
  EXPECT_THAT(*events, ElementsAre());
  EXPECT_EQ(stream.last_id(), "7");
  events = stream.Read("event: registered\nid: 8.1\ndata: {\"a\":1}\n\n:\n\n");
  ASSERT_TRUE(events);
  EXPECT_THAT(Texts(*events), ElementsAre("registered|{\"a\":1}|8.1"));
}

TEST(EventStreamTest, PiecesMakeTheSameAsTheWhole) {
  const std::string text =
      "\xEF\xBB\xBF"
      "data: one\r\ndata:  two\r\rid: 1\ndata\n\r\n:note\nevent: x\ndata:y:z\nid\n\nevent: lost\n\n"
      "data: not ended";
  const auto whole = EventStream().Read(text);
  ASSERT_TRUE(whole);
  EXPECT_THAT(Texts(*whole), ElementsAre("message|one\n two|", "message||1", "x|y:z|"));
  EventStream stream;
  std::vector<ServerEvent> all;
  for (const char octet : text) {
    const auto some = stream.Read({&octet, 1});
    ASSERT_TRUE(some);
    all.insert(all.end(), some->begin(), some->end());
  }
  EXPECT_EQ(Texts(all), Texts(*whole));
}

TEST(EventStreamTest, AnIdCountsOnceItsEventEnds) {
  EventStream stream;
  ASSERT_TRUE(stream.Read("id: 1\n\nid: 2\ndata: x\n"));
  EXPECT_EQ(stream.last_id(), "1");
  ASSERT_TRUE(stream.Read("\n"));
  EXPECT_EQ(stream.last_id(), "2");
}

TEST(EventStreamTest, AnEventThatIsTooLargeIsAnError) {
  EventStream lines(100);
  EXPECT_TRUE(lines.Read(std::string(100, 'x')));
  EXPECT_EQ(lines.Read("x").error().code, ErrorCode::kExhausted);
  EventStream data(100);
  EXPECT_TRUE(data.Read("data: " + std::string(80, 'x') + "\n"));
  EXPECT_EQ(data.Read("data: " + std::string(80, 'x') + "\n").error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace rollcall::http_client
