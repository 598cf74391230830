#include "store/testing/contract_suite.h"

namespace rollcall::store::testing {

void StoreContract::TearDown() {
  for (const LeaseId lease : leases_) (void)store().LeaseRevoke(lease, After(kLong));
}

std::string StoreContract::Key(std::string_view name) const {
  return subject_->prefix() + std::string(name);
}

KeyRange StoreContract::Below(std::string_view name) const {
  return KeyRange::Prefix(Key(name));
}

PutOp StoreContract::PutOf(std::string_view name, std::string_view value, LeaseId lease) const {
  return {Key(name), std::string(value), lease};
}

DeleteOp StoreContract::DeleteOf(std::string_view name) const {
  return {KeyRange::Single(Key(name))};
}

TxnResponse StoreContract::Commit(const TxnRequest& request) {
  auto response = store().Txn(request, After(kLong));
  if (!response) {
    ADD_FAILURE() << "txn: " << response.error().message;
    return {};
  }
  return *std::move(response);
}

Revision StoreContract::Put(std::string_view name, std::string_view value, LeaseId lease) {
  return Commit({{}, {PutOf(name, value, lease)}, {}}).header.revision;
}

Revision StoreContract::Delete(std::string_view name) {
  return Commit({{}, {DeleteOf(name)}, {}}).header.revision;
}

RangeResponse StoreContract::Read(const RangeRequest& request) {
  auto response = store().Range(request, After(kLong));
  if (!response) {
    ADD_FAILURE() << "range: " << response.error().message;
    return {};
  }
  return *std::move(response);
}

std::vector<KeyValue> StoreContract::ReadAll() {
  return Read({.keys = Below()}).kvs;
}

LeaseId StoreContract::Grant(std::chrono::seconds ttl) {
  const auto lease = store().LeaseGrant(ttl, 0, After(kLong));
  if (!lease) {
    ADD_FAILURE() << "grant: " << lease.error().message;
    return 0;
  }
  leases_.push_back(lease->id);
  return lease->id;
}

std::unique_ptr<Watch> StoreContract::Open(std::vector<KeyRange> ranges, Revision start) {
  auto watch = store().StartWatch({std::move(ranges), start}, After(kLong));
  if (!watch) {
    ADD_FAILURE() << "watch: " << watch.error().message;
    return nullptr;
  }
  return *std::move(watch);
}

std::vector<Event> StoreContract::Collect(Watch& watch, std::size_t count) {
  std::vector<Event> events;
  const Deadline deadline = After(kLong);
  while (events.size() < count) {
    auto batch = watch.Next(deadline);
    if (!batch) {
      ADD_FAILURE() << "after " << events.size() << " of " << count
                    << " events: " << batch.error().message;
      break;
    }
    EXPECT_FALSE(batch->events.empty());
    if (batch->events.empty()) break;
    EXPECT_EQ(batch->revision, batch->events.back().kv.mod_revision);
    events.insert(events.end(), batch->events.begin(), batch->events.end());
  }
  return events;
}

ErrorCode StoreContract::ErrorOf(const TxnRequest& request) {
  const auto response = store().Txn(request, After(kLong));
  if (response) ADD_FAILURE() << "a transaction that must fail was done";
  return response ? ErrorCode::kInternal : response.error().code;
}

ErrorCode StoreContract::ErrorOf(const RangeRequest& request) {
  const auto response = store().Range(request, After(kLong));
  if (response) ADD_FAILURE() << "a range that must fail was answered";
  return response ? ErrorCode::kInternal : response.error().code;
}

std::vector<std::string> Describe(const std::vector<Event>& events, std::string_view prefix) {
  std::vector<std::string> lines;
  for (const Event& event : events) {
    const std::string name = event.kv.key.substr(prefix.size());
    lines.push_back(event.type == Event::Type::kPut ? "put " + name + "=" + event.kv.value
                                                    : "delete " + name);
  }
  return lines;
}

std::vector<std::string> Keys(const std::vector<KeyValue>& kvs, std::string_view prefix) {
  std::vector<std::string> names;
  for (const KeyValue& kv : kvs) names.push_back(kv.key.substr(prefix.size()));
  return names;
}

}  // namespace rollcall::store::testing
