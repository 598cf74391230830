// The one thread that writes: stages what waits, commits it with one sync, publishes it,
// answers and wakes; and the chores between: leases that end, history that goes.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "store/embedded/disk.h"
#include "store/embedded/health.h"
#include "store/embedded/shared.h"

namespace rollcall::store::embedded {

// Something to be written, or read in turn with what is.  Stage() is called under the
// lock, then Finish() without it, both by the writer; `error`: why nothing was written.
// What only reads is staged a second time if the others could not be written.
class Work {
 public:
  struct Kind {
    std::size_t bytes = 0;  // about what it holds in memory
    bool only_reads = false;
  };
  explicit Work(Kind kind) : kind_(kind) {}
  virtual ~Work() = default;
  virtual void Stage(Core& core, SteadyTime now) = 0;
  virtual void Finish(const Error* error) = 0;
  [[nodiscard]] const Kind& kind() const { return kind_; }

 private:
  const Kind kind_;
};

struct WriterOptions {
  bool timer = true;
  std::chrono::seconds history_age{3600};
  std::size_t history_bytes = std::size_t{256} << 20;
};

class Writer {
 public:
  // `doomed`: left over from before.
  Writer(std::shared_ptr<Shared> shared, std::unique_ptr<Disk> disk, std::vector<Doomed> doomed,
         WriterOptions options, const Clock& clock);
  ~Writer();  // finishes what waits, with an error

  // Any thread.  Finished at once, with an error, if too much waits.
  void Submit(std::unique_ptr<Work> work);

  [[nodiscard]] Health health() const { return health_.Lock()->health; }
  struct Counts {
    std::uint64_t commits = 0;
    std::uint64_t expired = 0;  // leases
    std::uint64_t writes = 0;
  };
  [[nodiscard]] Counts counts() const { return health_.Lock()->counts; }
  [[nodiscard]] Disk::Size disk_size() const { return disk_->size(); }

  // The chores of a tick: ends leases whose time is over, a bounded number, and compacts
  // what is beyond the options.  On the writer's thread only, from a Work's Stage().
  void StageChores(Core& core, SteadyTime now);

 private:
  using Batch = std::vector<std::unique_ptr<Work>>;
  struct Queue {
    std::deque<std::unique_ptr<Work>> works;
    std::size_t bytes = 0;
    bool tick = false;
    bool stopping = false;
  };
  struct Known {
    Health health;
    Counts counts;
  };
  struct Sample {  // the store's revision at a time
    SteadyTime time;
    Revision revision = 0;
  };

  void Run();
  void RunTimer(const std::stop_token& stop);
  // Waits for something to do.  False: stopping.
  bool Next(Batch& batch, bool& tick);
  void Write(Batch& batch, bool tick);
  void FinishUnwritten(Batch& batch, const Error& why);
  void Stage(Batch& batch, bool tick);
  void StageCompaction(Core& core);
  [[nodiscard]] Result<void> MakeDurable(const Staged& staged, bool probe);
  void Tell(const Result<void>& durable);
  [[nodiscard]] bool HasChores() const { return trimming_ || !doomed_.empty(); }

  const std::shared_ptr<Shared> shared_;
  const std::unique_ptr<Disk> disk_;
  const WriterOptions options_;
  const Clock& clock_;

  Guarded<Queue> queue_;
  std::condition_variable arrived_;
  mutable Guarded<Known> health_;

  // Of the writer's thread.
  std::vector<Doomed> doomed_;
  bool trimming_ = true;
  bool unproven_ = true;      // whether the disk takes writes is not known yet
  SteadyTime chores_from_{};  // not before, after a failure
  std::deque<Sample> samples_;
  std::optional<Error> failure_;  // for good

  std::jthread timer_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace rollcall::store::embedded
