#include "agent/own_keys.h"

#include <utility>

namespace rollcall::agent {
namespace {

// Of a transaction, which may have 128 operations.
constexpr std::size_t kReads = 100;

}  // namespace

Result<void> OwnKeys::Open(std::set<std::string> watched, std::set<std::string> others) {
  watch_.reset();
  slots_.clear();
  changed_.clear();
  end_.reset();
  store::WatchRequest request;
  for (const std::string& key : watched) request.ranges.push_back(store::KeyRange::Single(key));
  auto watch = store_.StartWatch(request, store::After(call_timeout_));
  if (!watch) return Fail(std::move(watch.error()));
  watched_ = std::move(watched);
  others.insert(watched_.begin(), watched_.end());
  if (auto ok = Read(others); !ok) return ok;
  watch_ = *std::move(watch);
  return {};
}

Result<void> OwnKeys::Read(const std::set<std::string>& keys) {
  for (auto key = keys.begin(); key != keys.end();) {
    store::TxnRequest request;
    const auto first = key;
    for (; key != keys.end() && request.then.size() < kReads; ++key) {
      request.then.emplace_back(store::GetOp{store::KeyRange::Single(*key)});
    }
    auto response = store_.Txn(request, store::After(call_timeout_));
    if (!response) return Fail(std::move(response.error()));
    if (response->results.size() != request.then.size()) {
      return Fail(ErrorCode::kInternal,
                  "the store answered another number of reads than asked for");
    }
    auto result = response->results.begin();
    for (auto read = first; read != key; ++read, ++result) {
      std::optional<store::KeyValue> kv;
      if (!result->kvs.empty()) kv = std::move(result->kvs.front());
      Set(*read, std::move(kv), response->header.revision);
    }
  }
  return {};
}

Result<std::set<std::string>> OwnKeys::Drain() {
  while (!end_) {
    auto batch = watch_->Next(SteadyTime());
    if (batch) {
      for (store::Event& event : batch->events) Apply(std::move(event));
    } else if (batch.error().code == ErrorCode::kDeadline) {
      return std::exchange(changed_, {});
    } else {
      end_ = std::move(batch.error());
    }
  }
  watch_.reset();
  return Fail(*std::exchange(end_, std::nullopt));
}

void OwnKeys::Wait(store::Deadline deadline) {
  auto batch = watch_->Next(deadline);
  if (batch) {
    for (store::Event& event : batch->events) Apply(std::move(event));
  } else if (batch.error().code != ErrorCode::kDeadline) {
    end_ = std::move(batch.error());
  }
}

const std::optional<store::KeyValue>& OwnKeys::At(const std::string& key) const {
  static const std::optional<store::KeyValue> kNothing;
  const auto slot = slots_.find(key);
  return slot == slots_.end() ? kNothing : slot->second.kv;
}

void OwnKeys::Put(store::KeyValue kv) {
  const store::Revision revision = kv.mod_revision;
  const std::string key = kv.key;
  Set(key, std::move(kv), revision);
}

void OwnKeys::Delete(const std::string& key, store::Revision revision) {
  Set(key, std::nullopt, revision);
}

void OwnKeys::Forget(store::LeaseId lease) {
  for (auto& [key, slot] : slots_) {
    if (slot.kv && slot.kv->lease == lease) slot.kv.reset();
  }
}

void OwnKeys::Set(const std::string& key, std::optional<store::KeyValue> kv,
                  store::Revision as_of) {
  slots_[key] = {std::move(kv), as_of};
}

void OwnKeys::Apply(store::Event event) {
  const std::string key = event.kv.key;
  const auto slot = slots_.find(key);
  if (slot == slots_.end() || event.kv.mod_revision <= slot->second.as_of) return;
  const store::Revision revision = event.kv.mod_revision;
  const bool put = event.type == store::Event::Type::kPut;
  slot->second = {put ? std::optional(std::move(event.kv)) : std::nullopt, revision};
  changed_.insert(key);
}

}  // namespace rollcall::agent
