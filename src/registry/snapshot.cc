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

bool HoldsAnotherPort(const Snapshot& snapshot, std::int64_t port) {
  if (!snapshot.registration) return false;
  const auto held = model::ParseService(snapshot.registration->value);
  return held && held->port != port;
}

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
  return compares;
}

Result<Snapshot> TakeSnapshot(store::Store& store, const Layout& layout,
                              const Candidates& candidates, store::Deadline deadline) {
  const auto keys = KeysOf(layout, candidates);
  if (!keys) return Fail(keys.error());
  store::TxnRequest request;
  for (const std::string& key : *keys) {
    for (const std::string& part : {key, model::RecordKey(model::Area::kGone, key),
                                    model::RecordKey(model::Area::kAlive, key)}) {
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
    store::OpResult* results = &response->results[i * 3];
    found.push_back({.key = (*keys)[i],
                     .registration = First(results[0]),
                     .gone = First(results[1]),
                     .alive = First(results[2])});
  }
  const bool second = found.size() > 1 && HoldsAnotherPort(found[0], candidates.port);
  return std::move(found[second ? 1 : 0]);
}

}  // namespace rollcall::registry
