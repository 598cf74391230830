// The watches of one stream: which there are, and what their client is told next.
//
// Nothing is queued here but short answers: changes are taken from the history one
// message at a time, when there is room for it, from one watch after the other.
//
// Guarantees, as etcd's: all changes of one revision come in one message, or in
// fragments with nothing between them; the revision of a message is the store's, and
// does not go back from one to the next (but for a compaction's, which is 0, as etcd's);
// progress is never ahead of changes that are still to come.
//
// Threads: none of its own; one caller at a time.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "etcdapi/core/budget.h"
#include "etcdapi/core/fifo.h"
#include "etcdapi/core/watch_message.h"
#include "store/embedded/engine.h"

namespace rollcall::etcdapi {

class WatchSet {
 public:
  struct Bounds {
    std::size_t watches = 10'000;
    std::size_t fragment_octets = std::size_t{3} << 19;  // 1.5 MiB, etcd's
  };

  // Borrows the engine and the budget, which counts all watches of all streams.  `wake`
  // is called on the engine's thread when Next() may have something again; it may still
  // be called after this has gone.
  WatchSet(store::embedded::Engine& engine, Budget& watches, const Bounds& bounds,
           std::function<void()> wake);
  ~WatchSet();

  // Each leaves its answer, one message, for Next(); a refusal is one as well.
  void Create(const WatchOrder& order);
  void Refuse(std::string reason);
  void Cancel(std::int64_t id);  // without an answer if there is no such watch
  // Answered once all watches of the stream are up to date.
  void AskProgress() { asked_ = true; }
  // Another interval is over: tells the watches that want it and had nothing in it.
  void TellProgress();

  // Nothing: for now.  Changes of about `octets` at most, whole revisions.
  [[nodiscard]] std::optional<WatchMessage> Next(std::size_t octets);

  // Answers that wait for Next().
  [[nodiscard]] std::size_t answers() const { return answers_.size(); }
  [[nodiscard]] std::size_t size() const { return watches_.size(); }
  // The store has closed: nothing will come any more.
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  class Bell;
  struct OneWatch {
    std::unique_ptr<store::embedded::Engine::Watcher> watcher;
    Budget::Share share;
    bool progress = false;
    bool fragment = false;
    bool quiet = true;             // had nothing since the interval began
    bool awaits_progress = false;  // is in progress_
  };

  // Empty: it can be created.
  [[nodiscard]] std::string WhyNot(const WatchOrder& order) const;
  [[nodiscard]] std::int64_t FreeId();
  [[nodiscard]] std::optional<WatchMessage> NextFragment();
  [[nodiscard]] std::optional<WatchMessage> NextDelivery(std::size_t octets);
  [[nodiscard]] std::optional<WatchMessage> NextProgress();

  store::embedded::Engine& engine_;
  Budget& budget_;
  const Bounds bounds_;
  const std::shared_ptr<Bell> bell_;
  absl::flat_hash_map<std::int64_t, OneWatch> watches_;
  std::int64_t next_id_ = 0;
  Fifo<WatchMessage> answers_;
  Fifo<std::int64_t> progress_;  // watches to be told
  bool asked_ = false;
  bool over_ = false;
  // What is left of a message that goes out in fragments.
  WatchMessage rest_;
  std::size_t rest_from_ = 0;
};

}  // namespace rollcall::etcdapi
