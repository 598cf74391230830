// An engine that keeps nothing, and its verbs as calls that return when they are done.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "store/embedded/engine.h"

namespace rollcall::etcdapi::testing {

class MemoryEngine {
 public:
  MemoryEngine() {
    store::embedded::EngineOptions options;
    options.timer = false;
    engine_ = *store::embedded::Engine::Open(options);
  }

  [[nodiscard]] store::embedded::Engine& operator*() { return *engine_; }
  void Close() { engine_.reset(); }

  store::embedded::TxnDone Apply(store::embedded::Txn txn) {
    return Wait<store::embedded::TxnDone>(
        [&](auto done) { engine_->Apply(std::move(txn), std::move(done)); });
  }
  store::Revision Put(std::string key, std::string value, store::LeaseId lease = 0) {
    store::embedded::Txn txn;
    txn.then.emplace_back(store::embedded::Put{std::move(key), std::move(value), lease});
    return Apply(std::move(txn)).revision;
  }
  store::Revision Delete(store::KeyRange keys) {
    store::embedded::Txn txn;
    txn.then.emplace_back(store::embedded::Delete{std::move(keys)});
    return Apply(std::move(txn)).revision;
  }
  void Compact(store::Revision revision) {
    Wait<store::Revision>([&](auto done) { engine_->Compact(revision, std::move(done)); });
  }

 private:
  // Calls `submit(done)`, and returns what it is done with; fails the test if it fails.
  template <typename T, typename Submit>
  T Wait(Submit submit) {
    std::promise<Result<T>> promise;
    submit(store::embedded::Engine::Done<T>(
        [&promise](Result<T> result) { promise.set_value(std::move(result)); }));
    Result<T> result = promise.get_future().get();
    EXPECT_TRUE(result) << result.error().message;
    return result ? *std::move(result) : T{};
  }

  std::unique_ptr<store::embedded::Engine> engine_;
};

}  // namespace rollcall::etcdapi::testing
