// What the tests on a real etcd share.
#pragma once

#include <gtest/gtest.h>

#include <thread>

#include "store/etcd/client.h"
#include "store/etcd/testing/etcd_process.h"

namespace rollcall::store::etcd::testing {

// For what must happen, and does so long before.
inline constexpr std::chrono::milliseconds kLong{20'000};

inline Options OptionsFor(std::vector<std::string> urls) {
  Options options;
  options.endpoints = std::move(urls);
  return options;
}

// Connects, or fails the test.
inline std::unique_ptr<Client> MustConnect(const Options& options) {
  auto client = Connect(options);
  EXPECT_TRUE(client) << client.error().message;
  return client ? *std::move(client) : nullptr;
}

inline Result<TxnResponse> Put(Store& store, std::string key, std::string value,
                               Deadline deadline = After(kLong)) {
  TxnRequest request;
  request.then.emplace_back(PutOp{std::move(key), std::move(value), 0});
  return store.Txn(request, deadline);
}

inline Result<RangeResponse> Get(Store& store, std::string key, Deadline deadline = After(kLong)) {
  return store.Range({.keys = KeyRange::Single(std::move(key))}, deadline);
}

// Repeats `call` until it succeeds; how long that took, or kLong if it never did.
template <typename Call>
std::chrono::milliseconds UntilSuccess(Call call, std::chrono::milliseconds pause) {
  const SteadyTime start = std::chrono::steady_clock::now();
  const Deadline deadline = start + kLong;
  std::string last;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto result = call();
    if (result) {
      return std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - start);
    }
    last = result.error().message;
    std::this_thread::sleep_for(pause);
  }
  ADD_FAILURE() << "never succeeded, last: " << last;
  return kLong;
}

}  // namespace rollcall::store::etcd::testing
