#include "serving/api/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "base/log.h"
#include "serving/api/change_json.h"
#include "serving/api/envelope.h"
#include "serving/api/parameters.h"

namespace rollcall::serving::api {
namespace {

using catalog::HistoryEntry;
using catalog::HistoryId;
using http::Octets;
using std::chrono::milliseconds;

constexpr std::size_t kPiece = 100;  // entries taken out of the history at a time
constexpr milliseconds kTurn{1000};
constexpr milliseconds kTurnBehind{50};  // while somebody has not been sent all

Octets Shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// Where a stream begins.
Result<std::optional<HistoryId>> ReadSince(const http::Request& request) {
  const std::string* text = request.Header("last-event-id");
  if (text == nullptr || text->empty()) text = request.Parameter("since");
  if (text == nullptr) return std::nullopt;
  auto id = catalog::ParseHistoryId(*text);
  if (!id) return Fail(std::move(id.error()));
  return *id;
}

}  // namespace

class Events::Stream {
 public:
  Stream(http::ExchangePtr exchange, Subjects wanted, HistoryId begin, SteadyTime now)
      : subjects(std::move(wanted)),
        at(begin),
        sent(now),
        exchange_(std::move(exchange)),
        gone_(std::make_shared<std::atomic<bool>>(false)) {}

  void Begin() {
    exchange_->Begin({.content_type = "text/event-stream",
                      .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}});
    exchange_->WhenGone([gone = gone_] { *gone = true; });
  }
  [[nodiscard]] bool Send(const Octets& octets) { return exchange_->Send(octets); }
  void End() { exchange_->End(); }
  [[nodiscard]] bool gone() const { return *gone_; }
  [[nodiscard]] std::size_t waiting() const { return exchange_->waiting(); }

  const Subjects subjects;
  HistoryId at;     // all up to here was sent, or is of no interest
  SteadyTime sent;  // when something last was
  std::optional<SteadyTime> behind_since;

 private:
  const http::ExchangePtr exchange_;
  const std::shared_ptr<std::atomic<bool>> gone_;
};

Events::Events(const catalog::History& history, const answer::Zones& zones, const Clock& clock,
               EventsOptions options)
    : history_(history), zones_(zones), clock_(clock), options_(options) {
}

Events::~Events() {
  if (thread_.joinable()) {
    thread_.request_stop();
    history_.Wake();
    thread_.join();
  }
  for (const StreamPtr& stream : streams_) stream->End();
  for (const StreamPtr& stream : *opened_.Lock()) stream->End();
}

void Events::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Events::Open(const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  if (auto ok = CheckParameters(request, {"name", "since"}); !ok) {
    return exchange->Reply(Failure(ok.error()));
  }
  auto subjects = Subjects::Read(TextParameter(request, "name"));
  if (!subjects) return exchange->Reply(Failure(subjects.error()));
  const auto since = ReadSince(request);
  if (!since) return exchange->Reply(Failure(since.error()));
  if (count_.fetch_add(1) >= options_.most_streams) {
    --count_;
    return exchange->Reply(
        Failure({ErrorCode::kExhausted,
                 fmt::format("{} listen to events already", options_.most_streams)}));
  }
  const HistoryId at = since->value_or(history_.last());
  auto stream = std::make_unique<Stream>(exchange, *std::move(subjects), at, clock_.Now());
  stream->Begin();
  // So that who connects again says where he was, whether or not anything has happened.
  if (!stream->Send(Shared(fmt::format("retry: 2000\nid: {}\n\n", ToText(at))))) {
    --count_;
    return;
  }
  opened_.Lock()->push_back(std::move(stream));
  history_.Wake();
}

void Events::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    // Who is behind is looked at again soon, news or not.
    const SteadyTime now = clock_.Now();
    history_.WaitForMore(last_, now + (behind_ ? kTurnBehind : kTurn));
    try {
      Turn();
    } catch (const std::exception& error) {
      log::Error("events went on after an exception", {{"error", error.what()}});
    }
  }
}

void Events::Turn() {
  for (StreamPtr& stream : std::exchange(*opened_.Lock(), {})) {
    streams_.push_back(std::move(stream));
  }
  const SteadyTime now = clock_.Now();
  last_ = history_.last();
  behind_ = false;
  Texts texts;
  count_ -= std::erase_if(streams_,
                          [&](const StreamPtr& stream) { return !Advance(*stream, now, texts); });
}

bool Events::Advance(Stream& stream, SteadyTime now, Texts& texts) {
  if (stream.gone()) return false;
  if (stream.at != last_ && !SendFollowing(stream, texts)) return false;
  if (stream.at < last_) {
    behind_ = true;
    if (!stream.behind_since) stream.behind_since = now;
    if (now - *stream.behind_since < options_.most_behind) return true;
    stream.End();
    return false;
  }
  stream.behind_since.reset();
  static const Octets kComment = Shared(":\n\n");
  if (now - stream.sent < options_.heartbeat) return true;
  stream.sent = now;
  return stream.Send(kComment);
}

// As much as it takes now.
bool Events::SendFollowing(Stream& stream, Texts& texts) {
  while (stream.waiting() <= options_.most_waiting) {
    const auto [entries, gap] = history_.After(stream.at, kPiece);
    if (gap) {
      stream.at = last_;
      const std::string last = ToText(last_);
      if (!stream.Send(
              Shared(fmt::format("event: reset\nid: {0}\ndata: {{\"last\":\"{0}\"}}\n\n", last)))) {
        return false;
      }
      return true;
    }
    if (entries.empty()) return true;
    for (const auto& entry : entries) {
      if (stream.waiting() > options_.most_waiting) return true;
      stream.at = entry->id;
      if (!stream.subjects.Has(*entry)) continue;
      stream.sent = clock_.Now();
      if (!stream.Send(TextOf(*entry, texts))) return false;
    }
  }
  return true;
}

const Octets& Events::TextOf(const HistoryEntry& entry, Texts& texts) const {
  Octets& text = texts[entry.id];
  if (!text) {
    text = Shared(fmt::format("event: {}\nid: {}\ndata: {}\n\n", ToString(entry.event),
                              ToText(entry.id), ChangeJson(entry, zones_)));
  }
  return text;
}

}  // namespace rollcall::serving::api
