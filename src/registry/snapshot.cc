#include "registry/snapshot.h"

#include <fmt/format.h>

#include "model/records.h"
#include "model/service.h"

namespace rollcall::registry {
namespace {

// The candidates' keys, in the order in which they are considered.
Result<std::vector<std::string>> KeysOf(const Layout& layout, const Candidates& candidates) {
  std::vector<std::string> instances;
  if (!candidates.instance.empty()) {
    instances.push_back(candidates.instance);
  } else {
    instances.push_back(candidates.host);
    if (candidates.port != 0) {
      instances.push_back(fmt::format("{}-{}", candidates.host, candidates.port));
    }
  }
  std::vector<std::string> keys;
  for (const std::string& instance : instances) {
    auto key = InstanceKey(layout, candidates.service, instance);
    if (!key) return Fail(std::move(key.error()));
    keys.push_back(std::move(*key));
  }
  return keys;
}

// The port it is held with; nothing: it is not held, or not so that one could tell.
std::optional<std::int64_t> HeldPort(const Snapshot& snapshot) {
  if (!snapshot.registration) return std::nullopt;
  const auto held = model::ParseService(snapshot.registration->value);
  if (!held) return std::nullopt;
  return held->port;
}

// HOST-PORT is meant rather than HOST: that one has another port, or it has gone since
// this one was named after it.
bool SecondIsMeant(const Snapshot& first, const Snapshot& second, std::int64_t port) {
  const auto held = HeldPort(first);
  return held ? *held != port : !first.registration && HeldPort(second) == port;
}

constexpr std::size_t kParts = 5;  // read of each candidate

void AddCompare(std::vector<store::Compare>& compares, const std::string& key,
                const std::optional<store::KeyValue>& kv) {
  compares.push_back(kv ? store::Compare::Unchanged(*kv) : store::Compare::Missing(key));
}

std::optional<store::KeyValue> First(store::OpResult& result) {
  if (result.kvs.empty()) return std::nullopt;
  return std::move(result.kvs.front());
}

}  // namespace

std::vector<store::Compare> Snapshot::Unmoved() const {
  std::vector<store::Compare> compares;
  AddCompare(compares, key, registration);
  AddCompare(compares, model::RecordKey(model::Area::kGone, key), gone);
  // `alive` is rewritten at every change of health: only its presence counts.
  const std::string alive_key = model::RecordKey(model::Area::kAlive, key);
  compares.push_back(alive ? store::Compare::Exists(alive_key)
                           : store::Compare::Missing(alive_key));
  AddCompare(compares, model::RecordKey(model::Area::kStopping, key), stopping);
  AddCompare(compares, model::RecordKey(model::Area::kHeld, key), held);
  return compares;
}

Result<void> Snapshot::CheckAt(std::optional<store::Revision> revision) const {
  const store::Revision at = registration ? registration->mod_revision : 0;
  if (!revision || *revision == at) return {};
  return Fail(ErrorCode::kMoved,
              registration ? fmt::format("{} is at revision {}, not at {}", key, at, *revision)
                           : fmt::format("{} is not registered, so not at {}", key, *revision));
}

Result<Snapshot> TakeSnapshot(store::Store& store, const Layout& layout,
                              const Candidates& candidates, store::Deadline deadline) {
  const auto keys = KeysOf(layout, candidates);
  if (!keys) return Fail(keys.error());
  store::TxnRequest request;
  for (const std::string& key : *keys) {
    for (const std::string& part :
         {key, model::RecordKey(model::Area::kGone, key),
          model::RecordKey(model::Area::kAlive, key), model::RecordKey(model::Area::kStopping, key),
          model::RecordKey(model::Area::kHeld, key)}) {
      request.then.emplace_back(store::GetOp{store::KeyRange::Single(part)});
    }
  }
  auto response = store.Txn(request, deadline);
  if (!response) return Fail(std::move(response.error()));
  if (response->results.size() != request.then.size()) {
    return Fail(ErrorCode::kInternal, "the store answered another number of reads than asked for");
  }

  std::vector<Snapshot> found;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    store::OpResult* results = &response->results[i * kParts];
    found.push_back({.key = (*keys)[i],
                     .registration = First(results[0]),
                     .gone = First(results[1]),
                     .alive = First(results[2]),
                     .stopping = First(results[3]),
                     .held = First(results[4])});
  }
  const bool second = found.size() > 1 && SecondIsMeant(found[0], found[1], candidates.port);
  return std::move(found[second ? 1 : 0]);
}

}  // namespace rollcall::registry
