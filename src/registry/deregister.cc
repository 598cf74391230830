// Registry::Deregister.

#include <fmt/format.h>

#include <optional>

#include "model/records.h"
#include "model/service.h"
#include "registry/mark_lease.h"
#include "registry/registry.h"
#include "registry/snapshot.h"
#include "registry/target.h"

namespace rollcall::registry {
namespace {

// What is to be taken away: the registration, or what servers answer in its place since
// it vanished without a deregistration.  Nothing: there is neither.
std::optional<store::KeyValue> Present(const Snapshot& now) {
  if (now.registration || !now.held) return now.registration;
  store::KeyValue held = *now.held;
  if (const auto record = model::ParseRecord(held.value)) held.value = record->value;
  held.key = now.key;
  return held;
}

tl::unexpected<Error> NotLostAsSeen(const std::string& key) {
  return Fail(ErrorCode::kMoved,
              fmt::format("{} is no longer lost as it was when somebody looked", key));
}

}  // namespace

Result<Written> Registry::Deregister(const Target& target, const Reason& reason,
                                     store::Deadline deadline) {
  const Candidates candidates{target.service, target.instance, target.host, target.port};
  MarkLease lease(store_, deadline);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Result<Snapshot> now = TakeSnapshot(store_, layout_, candidates, deadline);
    if (!now) return Fail(now.error());
    if (auto ok = now->CheckAt(target.only_at); !ok) return Fail(std::move(ok.error()));
    const auto present = Present(*now);
    if (!present) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("{} is not registered; {}", now->key, Neighbours(target, deadline)));
    }
    if (auto ok = CheckTarget(*present, target); !ok) return Fail(std::move(ok.error()));
    if (target.lost_at && now->alive) return NotLostAsSeen(now->key);
    const auto id = lease.Get();
    if (!id) return Fail(id.error());

    store::TxnRequest txn;
    txn.compares = now->Unmoved();
    const std::string lost = model::RecordKey(model::Area::kLost, now->key);
    if (target.lost_at) {
      txn.compares.push_back({lost,
                              store::Compare::Target::kModRevision,
                              store::Compare::Relation::kEqual,
                              *target.lost_at,
                              {}});
      txn.then.push_back(Delete(lost));
    }
    if (now->registration) txn.then.push_back(Delete(now->key));
    txn.then.push_back(Delete(model::RecordKey(model::Area::kRegistered, now->key)));
    if (now->held) txn.then.push_back(Delete(now->held->key));
    txn.then.push_back(PutMark(now->key, reason, clock_.WallNow(), *id));
    if (now->stopping) txn.then.push_back(Delete(now->stopping->key));
    const auto done = store_.Txn(txn, deadline);
    if (!done) {
      lease.Keep();
      return Fail(done.error());
    }
    if (!done->succeeded && target.lost_at) return NotLostAsSeen(now->key);
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
