#include "store/embedded/engine.h"

#include <xxhash.h>

#include <algorithm>
#include <future>
#include <utility>

#include "store/embedded/format.h"
#include "store/embedded/gather.h"
#include "store/embedded/lmdb_disk.h"
#include "store/embedded/lmdb_tables.h"
#include "store/embedded/shared.h"
#include "store/embedded/writer.h"

namespace rollcall::store::embedded {
namespace {

// Under one hold of the lock.
constexpr std::size_t kKeysPerTurn = 4000;

template <typename T, typename StageCall>
class WorkOf final : public Work {
 public:
  WorkOf(Kind kind, StageCall stage, Engine::Done<T> done)
      : Work(kind), stage_(std::move(stage)), done_(std::move(done)) {}
  void Stage(Core& core, SteadyTime now) override { result_ = stage_(core, now); }
  void Finish(const Error* error) override {
    // What could not be staged had nothing to do with the disk.
    done_(error && result_ ? Result<T>(Fail(*error)) : std::move(result_));
  }

 private:
  StageCall stage_;
  Engine::Done<T> done_;
  Result<T> result_;
};

std::size_t BytesOf(const Txn& txn) {
  std::size_t bytes = sizeof(Txn) + txn.conditions.size() * sizeof(Condition);
  for (const auto* branch : {&txn.then, &txn.otherwise}) {
    for (const Operation& operation : *branch) {
      bytes += sizeof(Operation);
      if (const auto* put = std::get_if<Put>(&operation)) {
        bytes += put->key.size() + put->value.size();
      } else if (const auto* nested = std::get_if<Nested>(&operation)) {
        bytes += BytesOf(**nested);
      }
    }
  }
  return bytes;
}

bool OnlyReads(const Txn& txn) {
  const auto reads = [](const std::vector<Operation>& branch) {
    return std::all_of(branch.begin(), branch.end(), [](const Operation& operation) {
      const auto* nested = std::get_if<Nested>(&operation);
      return std::holds_alternative<Get>(operation) || (nested && OnlyReads(**nested));
    });
  };
  return reads(txn.then) && reads(txn.otherwise);
}

// One whose answer is the begin of its range.
bool IsPage(const Get& get) {
  return get.sort_by == SortBy::kKey && get.sort_order != SortOrder::kDescending &&
         get.min_mod_revision == 0 && get.max_mod_revision == 0 && get.min_create_revision == 0 &&
         get.max_create_revision == 0;
}

// Visits the keys of `keys` that were there at `revision`, a turn under the lock at a
// time, until `visit` returns false.  Requires: the revision is pinned meanwhile.
template <typename Visit>
void VisitInTurns(Shared& shared, KeyRange keys, Revision revision, Visit visit) {
  for (bool more = true; more;) {
    more = false;
    std::size_t looked_at = 0;
    auto state = shared.state.Lock();
    state->core.index().ForEach(keys, revision, [&](const Record& record) {
      if (!visit(record)) return false;
      more = ++looked_at == kKeysPerTurn;
      if (more) keys.begin = std::string(record->key()) + '\0';
      return !more;
    });
    if (keys.end.empty()) more = false;
  }
}

// Holds a revision against compaction.
class Pinned {
 public:
  // kInvalid, kCompacted.
  static Result<Pinned> Pin(Shared& shared, Revision revision) {
    auto state = shared.state.Lock();
    const auto readable = state->core.ReadableAt(revision);
    if (!readable) return Fail(readable.error());
    state->core.Pin(*readable);
    return Pinned(shared, *readable, state->core.revision());
  }
  Pinned(Pinned&& other) noexcept
      : shared_(std::exchange(other.shared_, nullptr)),
        revision(other.revision),
        latest(other.latest) {}
  Pinned& operator=(Pinned&&) = delete;
  ~Pinned() {
    if (shared_) shared_->state.Lock()->core.Unpin(revision);
  }

 private:
  Pinned(Shared& shared, Revision at, Revision now) : shared_(&shared), revision(at), latest(now) {}
  Shared* shared_;

 public:
  const Revision revision;
  const Revision latest;  // of the store, when it was pinned
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options, const Clock& clock) {
  if (options.directory.empty()) {
    const std::uint64_t cluster_id = options.cluster_id != 0 ? options.cluster_id : DrawId();
    return Start({NoDisk(), {cluster_id, DrawId(), 1}, {}}, options, clock);
  }
  auto opened = OpenDisk(options.directory);
  if (!opened) return Fail(std::move(opened.error()));
  return Start(*std::move(opened), options, clock);
}

Result<std::unique_ptr<Engine>> Engine::Start(OpenedDisk opened, const EngineOptions& options,
                                              const Clock& clock) {
  auto shared = std::make_shared<Shared>(options.limits, clock);
  auto doomed = shared->state.Lock()->core.Load(std::move(opened.contents), clock.Now());
  if (!doomed) {
    return Fail(doomed.error().code, options.directory + ": " + doomed.error().message);
  }
  auto writer = std::make_unique<Writer>(
      shared, std::move(opened.disk), *std::move(doomed),
      WriterOptions{options.timer, options.history_age, options.history_bytes}, clock);
  return std::unique_ptr<Engine>(new Engine(std::move(shared), opened.identity, std::move(writer)));
}

Engine::Engine(std::shared_ptr<Shared> shared, Identity identity, std::unique_ptr<Writer> writer)
    : identity_(identity), shared_(std::move(shared)), writer_(std::move(writer)) {
}

Engine::~Engine() {
  writer_.reset();
  std::vector<WatchHub::PlacePtr> places;
  {
    auto state = shared_->state.Lock();
    state->hub.Close();
    state->hub.All(places);
  }
  WatchHub::Wake(places);
}

Revision Engine::revision() const {
  return shared_->state.Lock()->core.revision();
}

Health Engine::health() const {
  return writer_->health();
}

EngineFigures Engine::figures() const {
  const Writer::Counts counts = writer_->counts();
  EngineFigures figures{.disk = writer_->disk_size(),
                        .commits = counts.commits,
                        .writes = counts.writes,
                        .expired = counts.expired};
  auto state = shared_->state.Lock();
  figures.keys = state->core.index().size();
  figures.leases = state->core.leases().size();
  figures.watches = state->hub.size();
  figures.bytes = state->core.bytes();
  figures.history_bytes = state->core.history_bytes();
  figures.compacted = state->core.compacted();
  return figures;
}

// --- reading

Result<Found> Engine::Range(const Get& get) const {
  if (get.keys.begin.empty()) return Fail(ErrorCode::kInvalid, "key is not provided");
  const auto pinned = Pinned::Pin(*shared_, get.revision);
  if (!pinned) return Fail(pinned.error());
  const auto known = shared_->state.Lock()->page_counts.Find(get.keys, pinned->revision);
  Gather gather(get);
  std::int64_t taken = 0;
  VisitInTurns(*shared_, get.keys, pinned->revision, [&](const Record& record) {
    gather.Take(record);
    ++taken;
    return !(known && gather.IsFull());
  });
  Found found = std::move(gather).Finish(pinned->latest, known ? *known - taken : 0);
  if (found.more && IsPage(get)) {
    KeyRange rest{std::string(found.records.back()->key()) + '\0', get.keys.end};
    const auto left = found.count - static_cast<std::int64_t>(found.records.size());
    shared_->state.Lock()->page_counts.Remember(std::move(rest), pinned->revision, left);
  }
  return found;
}

Result<Engine::Hash> Engine::HashAt(Revision revision) const {
  const auto pinned = Pinned::Pin(*shared_, revision);
  if (!pinned) return Fail(pinned.error());
  struct FreeState {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  const std::unique_ptr<XXH3_state_t, FreeState> hash(XXH3_createState());
  XXH3_64bits_reset(hash.get());
  std::string entry;
  VisitInTurns(*shared_, KeyRange::All(), pinned->revision, [&](const Record& record) {
    EncodeRecord(*record, LogKey(record->mod_revision(), 0), entry);
    XXH3_64bits_update(hash.get(), entry.data(), entry.size());
    return true;
  });
  const Revision compacted = shared_->state.Lock()->core.compacted();
  return Hash{static_cast<std::uint32_t>(XXH3_64bits_digest(hash.get())), pinned->revision,
              compacted};
}

// --- writing

template <typename T, typename Stage>
void Engine::Submit(std::size_t bytes, bool only_reads, Stage stage, Done<T> done) {
  writer_->Submit(std::make_unique<WorkOf<T, Stage>>(Work::Kind{bytes, only_reads},
                                                     std::move(stage), std::move(done)));
}

void Engine::Apply(Txn txn, Done<TxnDone> done) {
  const std::size_t bytes = BytesOf(txn);
  const bool only_reads = OnlyReads(txn);
  Submit<TxnDone>(
      bytes, only_reads,
      [txn = std::move(txn)](Core& core, SteadyTime now) { return core.Apply(txn, now); },
      std::move(done));
}

void Engine::Grant(std::chrono::seconds ttl, LeaseId id, Done<Lease> done) {
  Submit<Lease>(
      sizeof(Lease), false,
      [ttl, id](Core& core, SteadyTime now) { return core.Grant(ttl, id, now); }, std::move(done));
}

void Engine::Revoke(LeaseId id, Done<Revision> done) {
  Submit<Revision>(
      sizeof(Lease), false, [id](Core& core, SteadyTime now) { return core.Revoke(id, now); },
      std::move(done));
}

void Engine::Compact(Revision revision, Done<Revision> done) {
  Submit<Revision>(
      sizeof(Revision), false,
      [revision](Core& core, SteadyTime) -> Result<Revision> {
        auto compacted = core.Compact(revision);
        if (!compacted) return Fail(std::move(compacted.error()));
        return core.revision();
      },
      std::move(done));
}

// --- leases

Result<std::chrono::seconds> Engine::KeepAlive(LeaseId id) {
  return shared_->state.Lock()->core.KeepAlive(id, shared_->lease_clock.Now());
}

Result<LeaseInfo> Engine::TimeToLive(LeaseId id, bool keys) const {
  return shared_->state.Lock()->core.TimeToLive(id, keys, shared_->lease_clock.Now());
}

std::vector<LeaseId> Engine::Leases() const {
  return shared_->state.Lock()->core.leases().All(shared_->lease_clock.Now());
}

void Engine::Tick() {
  std::promise<void> ended;
  Submit<bool>(
      0, false,
      [this](Core& core, SteadyTime now) -> Result<bool> {
        writer_->StageChores(core, now);
        return true;
      },
      [&ended](const Result<bool>&) { ended.set_value(); });
  ended.get_future().wait();
}

// --- watching

std::unique_ptr<Engine::Watcher> Engine::Watch(WatchQuery query, std::function<void()> wake) {
  auto state = shared_->state.Lock();
  auto place = state->hub.Add(std::move(query), std::move(wake), state->core);
  return std::unique_ptr<Watcher>(new Watcher(shared_, std::move(place)));
}

Engine::Watcher::~Watcher() {
  shared_->state.Lock()->hub.Remove(place_);
}

Delivery Engine::Watcher::Take(const DeliveryBounds& bounds) {
  for (;;) {
    auto state = shared_->state.Lock();
    Delivery delivery = state->hub.Take(*place_, bounds, state->core);
    const bool looked_in_vain =
        delivery.kind == Delivery::Kind::kChanges && delivery.changes.empty();
    if (!looked_in_vain) return delivery;
  }
}

std::optional<Revision> Engine::RevisionIfUpToDate(
    const std::vector<const Watcher*>& watchers) const {
  auto state = shared_->state.Lock();
  const bool all = std::all_of(watchers.begin(), watchers.end(), [&](const Watcher* watcher) {
    return state->hub.IsUpToDate(*watcher->place_);
  });
  return all ? std::optional(state->core.revision()) : std::nullopt;
}

}  // namespace rollcall::store::embedded
