#include "registry/advertise.h"

#include "model/records.h"
#include "model/service.h"

namespace rollcall::registry {
namespace {

constexpr const char* kPlain = "_etcd-client._tcp";
constexpr const char* kTls = "_etcd-client-ssl._tcp";

// The registration and the record that it is ours, as they stand.
struct Standing {
  std::string key;
  std::string record;
  std::vector<store::KeyValue> registration;
  bool ours = false;
};

Result<Standing> Look(store::Store& store, const std::string& key, store::Deadline deadline) {
  Standing standing{key, model::RecordKey(model::Area::kAdvertised, key), {}, false};
  const auto found = store.Txn({{},
                                {store::GetOp{store::KeyRange::Single(key)},
                                 store::GetOp{store::KeyRange::Single(standing.record)}},
                                {}},
                               deadline);
  if (!found) return Fail(found.error());
  standing.registration = found->results[0].kvs;
  standing.ours = !found->results[1].kvs.empty();
  return standing;
}

model::Service ServiceOf(const StoreAddress& address) {
  model::Service service;
  service.host = address.host;
  service.port = address.port;
  return service;
}

Result<void> Commit(store::Store& store, const store::TxnRequest& txn, store::Deadline deadline) {
  const auto done = store.Txn(txn, deadline);
  return done ? Result<void>{} : Fail(done.error());
}

}  // namespace

Result<void> Advertise(store::Store& store, const Layout& layout, const std::string& instance,
                       const std::optional<StoreAddress>& address, store::Deadline deadline,
                       const Clock& clock) {
  for (const bool tls : {false, true}) {
    const auto key = InstanceKey(layout, tls ? kTls : kPlain, instance);
    if (!key) return Fail(key.error());
    const auto standing = Look(store, *key, deadline);
    if (!standing) return Fail(standing.error());
    const bool wanted = address && address->tls == tls;
    store::TxnRequest txn;
    if (wanted) {
      const std::string value = model::ToJson(ServiceOf(*address));
      const bool there =
          !standing->registration.empty() && standing->registration.front().value == value;
      if (there) continue;
      txn.then.emplace_back(store::PutOp{standing->key, value, 0});
      txn.then.emplace_back(store::PutOp{
          standing->record,
          model::ToJson(model::Record{.since = clock.WallNow(), .by = "serve", .why = "the store"}),
          0});
    } else if (standing->ours) {
      txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(standing->key)});
      txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(standing->record)});
    }
    if (txn.then.empty()) continue;
    if (auto ok = Commit(store, txn, deadline); !ok) return ok;
  }
  return {};
}

}  // namespace rollcall::registry
