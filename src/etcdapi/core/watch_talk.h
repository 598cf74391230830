// One watch stream under way: when to read, when to send, and when it is enough.
//
// At most one message is on its way at a time, and no request is read while sixteen
// answers wait; so a client that does not read costs one message, and after some
// patience its stream.
//
// Threads: On...() and Tick() may be called by any; all else happens on the workers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "etcdapi/core/in_turns.h"
#include "etcdapi/core/watch_set.h"

namespace rollcall::etcdapi {

// What carries a stream.  Called by one thread at a time, and never again after End().
class WatchLine {
 public:
  virtual ~WatchLine() = default;
  virtual void Read() = 0;                      // OnRequest() or OnReadEnd() follows
  virtual void Send(WatchMessage message) = 0;  // OnSent() follows, if it is not the end
  // The last words; what is on its way is given up.
  virtual void End(const Result<void>& status) = 0;
};

// What the streams of a server have in common; outlives them.
struct WatchSetup {
  store::embedded::Engine& engine;
  const Clock& clock;
  Budget watches;
  Budget octets;  // of messages on their way
  WatchSet::Bounds bounds{};
  std::chrono::milliseconds patience{60'000};  // with a client that does not read
  std::chrono::milliseconds progress{600'000};
  std::atomic<std::uint64_t> given_up{0};  // streams whose client did not read
};

class WatchTalk final : public InTurns {
 public:
  // `admit`: whether the client may create a watch now.  `line` is borrowed until its
  // End() has been called.
  WatchTalk(Workers& workers, WatchSetup& setup, WatchLine& line,
            std::function<Result<void>()> admit);

  void OnRequest(WatchRequest request);
  void OnReadEnd();         // the client will ask no more
  void OnSent();            // the last message has gone
  void OnBroken();          // nobody is there any more
  void Close(Error error);  // from our side

  // Now and then: lets progress be told, and ends the talk with one who does not read.
  // `hurry`: others wait for what this one holds.
  void Tick(SteadyTime now, bool hurry);
  // Has something to say for which there is no room.
  [[nodiscard]] bool IsWaitingForRoom() const { return waits_for_room_; }

 private:
  struct News {
    std::optional<WatchRequest> request;
    std::optional<Error> close;
    bool read_end = false;
    bool sent = false;
    bool broken = false;
    bool interval_over = false;
  };

  void Start();
  void Turn() override;
  void Handle(const WatchRequest& request);
  void Say();
  // False: there is no room for it now.
  [[nodiscard]] bool Send();
  void End(const Result<void>& status);
  template <typename Note>
  void Leave(Note note);

  WatchSetup& setup_;
  const std::function<Result<void>()> admit_;
  Guarded<News> news_;
  std::atomic<SteadyTime::rep> sending_since_{0};  // 0: nothing is on its way
  std::atomic<SteadyTime::rep> interval_end_;
  std::atomic<bool> waits_for_room_{false};

  // Of the turns.
  WatchLine* line_;  // null: ended
  std::unique_ptr<WatchSet> set_;
  std::optional<WatchMessage> next_;  // to be sent
  Budget::Share octets_;              // of what is on its way
  bool sending_ = false;
  bool reading_ = false;
  bool read_end_ = false;
};

}  // namespace rollcall::etcdapi
