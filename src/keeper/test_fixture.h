// For this room's tests: a store in memory, and servers whose views are read from it when
// the test says so.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/ledger.h"
#include "keeper/keeper.h"
#include "model/records.h"
#include "store/embedded/store.h"
#include "store/faulty.h"

namespace rollcall::keeper::testing {

// Time that stands until it is moved; the wall clock may be set by itself.
class FakeClock final : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(steady_.load()); }
  WallTime WallNow() const override {
    return WallTime(std::chrono::seconds(1'700'000'000)) + steady_.load() + shift_.load();
  }
  void Wait(std::chrono::nanoseconds time) { steady_ = steady_.load() + time; }
  void SetWall(std::chrono::nanoseconds shift) { shift_ = shift; }

 private:
  std::atomic<std::chrono::nanoseconds> steady_{std::chrono::hours(1)};
  std::atomic<std::chrono::nanoseconds> shift_{std::chrono::nanoseconds(0)};
};

inline store::Deadline Soon() {
  return store::After(std::chrono::seconds(5));
}

// One server: a view, and the keeper that looks at it.
class Server {
 public:
  Server(store::Store& store, const std::string& name, const Clock& clock, Options options = {})
      : store_(store),
        ledger_(publisher_, clock, {.prefix = "/skydns", .protect = options.protect, .zones = {}}),
        keeper_(
            store, publisher_, [this] { return standing; }, Named(options, name), clock) {}

  // Reads the view anew.
  void Sync() {
    ledger_.BeginList(false);
    store::Revision revision = 0;
    for (const char* prefix : {"/rollcall/v1/", "/skydns/"}) {
      const auto page =
          store_.Range({.keys = store::KeyRange::Prefix(prefix), .revision = revision}, Soon());
      ASSERT_TRUE(page);
      revision = page->header.revision;
      ledger_.AddPage(page->kvs);
    }
    ledger_.EndList(revision);
  }
  // Sees all there is, and writes what is due.
  void Turn() {
    Sync();
    keeper_.Turn();
  }
  [[nodiscard]] std::uint64_t Done(Verb verb) const {
    return keeper_.counters().done[static_cast<std::size_t>(verb)];
  }
  [[nodiscard]] Keeper& keeper() { return keeper_; }
  [[nodiscard]] catalog::Publisher& publisher() { return publisher_; }

  catalog::Standing standing = catalog::Standing::kSynced;

 private:
  static Options Named(Options options, const std::string& name) {
    options.look.by = "serve@" + name;
    options.look.prefix = "/skydns";
    return options;
  }

  store::Store& store_;
  catalog::Publisher publisher_;
  catalog::Ledger ledger_;
  Keeper keeper_;
};

inline std::string Node(const std::string& instance) {
  return "/skydns/internal/prom/node/" + instance;
}

class KeeperTest : public ::testing::Test {
 protected:
  static Options AtOnce() {
    Options options;
    options.spread = std::chrono::milliseconds(0);
    return options;
  }

  void Put(const std::string& key, const std::string& value) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::PutOp{.key = key, .value = value});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  void Delete(const std::string& key) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::DeleteOp{store::KeyRange::Prefix(key)});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  void PutOwned(const std::string& instance, const std::string& more = "") {
    Put(Node(instance),
        R"({"host":"192.0.2.1","port":9100,"rollcall":{"owner":"agent:server01")" + more + "}}");
  }
  void Say(model::Area area, const std::string& key, model::Record record = {}) {
    record.since = clock_.WallNow();
    Put(model::RecordKey(area, key), model::ToJson(record));
  }
  void Alive(const std::string& instance) {
    Say(model::Area::kAlive, Node(instance), {.health = model::Health::kPassing});
  }
  bool Has(const std::string& key) {
    const auto page = store_->Range({.keys = store::KeyRange::Single(key)}, Soon());
    return page && !page->kvs.empty();
  }
  bool Has(model::Area area, const std::string& key) { return Has(model::RecordKey(area, key)); }
  model::Record Read(model::Area area, const std::string& key) {
    const auto page =
        store_->Range({.keys = store::KeyRange::Single(model::RecordKey(area, key))}, Soon());
    if (!page || page->kvs.empty()) return {};
    return model::ParseRecord(page->kvs[0].value).value_or(model::Record{});
  }
  std::size_t Count(const std::string& prefix) {
    const auto page = store_->Range({.keys = store::KeyRange::Prefix(prefix)}, Soon());
    return page ? page->kvs.size() : 0;
  }

  FakeClock clock_;
  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false});
};

}  // namespace rollcall::keeper::testing
