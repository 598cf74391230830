// The store in this process, running: one thread that stages, commits and publishes,
// and any number that read, write and watch.
//
// Group commit: what arrives while the disk is busy is staged together and costs one
// sync.  A write is acknowledged, readable and sent to watchers only once it is durable;
// a read never waits for the disk.
//
// Threads: any number may call an Engine.  `done` and `wake` are called on the engine's
// thread, or `done` at once in the caller's where nothing can be done: they must not
// block, nor end the engine.
// Errors: messages are etcd's texts (request.h).  Besides what is said below, each write
// may fail with kUnavailable (the disk cannot be written to, or the engine is closing;
// it did not happen) and kExhausted (no room on the disk, or too many writes waiting).
#pragma once

#include <absl/functional/any_invocable.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/embedded/disk.h"
#include "store/embedded/health.h"
#include "store/embedded/request.h"
#include "store/embedded/watch.h"

namespace rollcall::store::embedded {

struct Shared;
class Writer;

struct EngineOptions {
  std::string directory;         // "": nothing is kept
  std::uint64_t cluster_id = 0;  // of a store that is not kept; 0: drawn by chance
  bool timer = true;             // false: a test calls Tick()
  // History beyond either is compacted.
  std::chrono::seconds history_age{3600};
  std::size_t history_bytes = std::size_t{256} << 20;
  Core::Limits limits;
};

struct EngineFigures {
  std::size_t keys = 0;
  std::size_t leases = 0;
  std::size_t watches = 0;
  std::size_t bytes = 0;          // of all versions in memory
  std::size_t history_bytes = 0;  // of those that only history needs
  Revision compacted = kNeverCompacted;
  Disk::Size disk;
  std::uint64_t commits = 0;  // syncs of the disk
  std::uint64_t writes = 0;   // transactions, grants, ... that were in them
  std::uint64_t expired = 0;  // leases that ran out
};

class Engine {
 public:
  // With what the directory holds.  Errors as OpenDisk()'s.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> Open(const EngineOptions& options,
                                                            const Clock& clock = SystemClock());
  // On a disk that is open already; `options.directory` is only named in messages.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> Start(OpenedDisk opened,
                                                             const EngineOptions& options,
                                                             const Clock& clock = SystemClock());
  ~Engine();  // what waits fails with kUnavailable
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] Revision revision() const;
  [[nodiscard]] Health health() const;
  [[nodiscard]] EngineFigures figures() const;

  // Of what is durable.  kInvalid: no key, a future revision.  kCompacted.
  [[nodiscard]] Result<Found> Range(const Get& get) const;
  // Stable from one version of this program to the next: of all keys and the versions
  // of them that are kept up to `revision` (0: the latest).  kInvalid, kCompacted.
  struct Hash {
    std::uint32_t hash = 0;
    Revision revision = 0;
    Revision compacted = kNeverCompacted;
  };
  [[nodiscard]] Result<Hash> HashAt(Revision revision) const;

  template <typename T>
  using Done = absl::AnyInvocable<void(Result<T>)>;
  // As Core's of the same names.
  void Apply(Txn txn, Done<TxnDone> done);
  void Grant(std::chrono::seconds ttl, LeaseId id, Done<Lease> done);
  void Revoke(LeaseId id, Done<Revision> done);
  void Compact(Revision revision, Done<Revision> done);

  // At once, and not kept: a lease begins anew after a restart.  kNotFound.
  [[nodiscard]] Result<std::chrono::seconds> KeepAlive(LeaseId id);
  [[nodiscard]] Result<LeaseInfo> TimeToLive(LeaseId id, bool keys) const;
  [[nodiscard]] std::vector<LeaseId> Leases() const;
  // What the timer does: ends leases whose time has come, a bounded number, and
  // compacts what is beyond the options.  Returns when that is durable, or failed.
  void Tick();

  // One watch.  Ended by destroying it.
  class Watcher {
   public:
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    // What comes next; never blocks.  After kNothing: `wake` will be called.
    [[nodiscard]] Delivery Take(const DeliveryBounds& bounds = {});

   private:
    friend class Engine;
    Watcher(std::shared_ptr<Shared> shared, WatchHub::PlacePtr place)
        : shared_(std::move(shared)), place_(std::move(place)) {}
    const std::shared_ptr<Shared> shared_;
    const WatchHub::PlacePtr place_;
  };
  // May outlive the engine.
  [[nodiscard]] std::unique_ptr<Watcher> Watch(WatchQuery query, std::function<void()> wake);
  // The store's revision, if all of `watchers` have taken all that there is up to it.
  [[nodiscard]] std::optional<Revision> RevisionIfUpToDate(
      const std::vector<const Watcher*>& watchers) const;

 private:
  template <typename T, typename Stage>
  void Submit(std::size_t bytes, bool only_reads, Stage stage, Done<T> done);

  Engine(std::shared_ptr<Shared> shared, Identity identity, std::unique_ptr<Writer> writer);

  const Identity identity_;
  const std::shared_ptr<Shared> shared_;  // with its watchers
  std::unique_ptr<Writer> writer_;
};

}  // namespace rollcall::store::embedded
