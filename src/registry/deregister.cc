// Registry::Deregister.

#include <fmt/format.h>

#include "model/records.h"
#include "model/service.h"
#include "registry/registry.h"
#include "registry/snapshot.h"
#include "registry/target.h"

namespace rollcall::registry {
namespace {

constexpr int kTries = 32;
constexpr std::chrono::seconds kGoneLease{7 * 24 * 3600};

// The lease under a `gone` mark, given back unless the mark was written.
class MarkLease {
 public:
  MarkLease(store::Store& store, store::Deadline deadline) : store_(store), deadline_(deadline) {}
  ~MarkLease() {
    if (id_ != 0 && !kept_) (void)store_.LeaseRevoke(id_, deadline_);
  }
  MarkLease(const MarkLease&) = delete;
  MarkLease& operator=(const MarkLease&) = delete;

  Result<store::LeaseId> Get() {
    if (id_ != 0) return id_;
    const auto lease = store_.LeaseGrant(kGoneLease, 0, deadline_);
    if (!lease) return Fail(lease.error());
    return id_ = lease->id;
  }
  // Also when it is not known whether the mark was written: it runs out by itself.
  void Keep() { kept_ = true; }

 private:
  store::Store& store_;
  store::Deadline deadline_;
  store::LeaseId id_ = 0;
  bool kept_ = false;
};

}  // namespace

Result<Written> Registry::Deregister(const Target& target, const Reason& reason,
                                     store::Deadline deadline) {
  const Candidates candidates{target.service, target.instance, target.host, target.port};
  MarkLease lease(store_, deadline);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Result<Snapshot> now = TakeSnapshot(store_, layout_, candidates, deadline);
    if (!now) return Fail(now.error());
    if (!now->registration) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("{} is not registered; {}", now->key, Neighbours(target, deadline)));
    }
    if (auto ok = CheckTarget(*now->registration, target); !ok) return Fail(std::move(ok.error()));
    const auto id = lease.Get();
    if (!id) return Fail(id.error());

    store::TxnRequest txn;
    txn.compares = now->Unmoved();
    txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(now->key)});
    txn.then.emplace_back(store::PutOp{
        model::RecordKey(model::Area::kGone, now->key),
        model::ToJson(model::Record{.since = clock_.WallNow(), .by = reason.by, .why = reason.why}),
        *id});
    if (now->stopping) {
      txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(now->stopping->key)});
    }
    const auto done = store_.Txn(txn, deadline);
    if (!done) {
      lease.Keep();
      return Fail(done.error());
    }
    if (!done->succeeded) continue;
    lease.Keep();
    return Written{now->key, done->header.revision, true, ""};
  }
  return Fail(ErrorCode::kConflict,
              fmt::format("{} is being written by others all the time", target.service));
}

// What there is, for somebody who asked for what there is not.
std::string Registry::Neighbours(const Target& target, store::Deadline deadline) {
  constexpr std::size_t kShown = 8;
  const auto directory = DirectoryOf(layout_, target.service);
  if (!directory) return directory.error().message;
  const auto page = store_.Range(
      {.keys = store::KeyRange::Prefix(*directory + "/"), .limit = kShown, .keys_only = true},
      deadline);
  if (!page) return fmt::format("what is there could not be read: {}", page.error().message);
  if (page->kvs.empty()) return fmt::format("nothing is under {}", *directory);
  std::string names;
  for (const store::KeyValue& kv : page->kvs) {
    fmt::format_to(std::back_inserter(names), "{}{}", names.empty() ? "" : ", ",
                   std::string_view(kv.key).substr(directory->size() + 1));
  }
  if (page->more) names += ", ...";
  return fmt::format("under {} there are: {}", *directory, names);
}

}  // namespace rollcall::registry
