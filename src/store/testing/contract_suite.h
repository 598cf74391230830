// One test suite that every store must pass, so that what is tested on the store
// in memory holds on a cluster.
//
// A test program links rollcall_store_contract and says
//   INSTANTIATE_TEST_SUITE_P(Embedded, StoreContract, ::testing::Values(SubjectOf<S>("memory")));
// Each test has a Subject of its own.  Subjects may share one server, if no other
// process writes to it meanwhile: every key lies under the Subject's prefix, and
// leases are revoked at the end.  No test sleeps; each wait is for an event.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace rollcall::store::testing {

// A store under test.
class Subject {
 public:
  virtual ~Subject() = default;
  [[nodiscard]] virtual Store& store() = 0;
  // No key is there, and none appears but by this test.  Never empty.
  [[nodiscard]] virtual std::string prefix() const = 0;
  // Forgets history before `revision`, by whatever way the store has.
  virtual void Compact(Revision revision) = 0;
  // Moves the store's time on, where it can be moved.  Where it cannot, does
  // nothing: the test waits for what time brings.
  virtual void Elapse(std::chrono::seconds) {}
};

struct SubjectFactory {
  std::string_view name;  // of the store, where a failure tells the parameter
  std::unique_ptr<Subject> (*make)();

  friend void PrintTo(const SubjectFactory& factory, std::ostream* out) { *out << factory.name; }
};
template <typename S>
SubjectFactory SubjectOf(std::string_view name) {
  return {name, []() -> std::unique_ptr<Subject> { return std::make_unique<S>(); }};
}

inline constexpr std::chrono::milliseconds kLong{15'000};  // for what has to come
inline constexpr std::chrono::milliseconds kShort{50};     // for what must not come

class StoreContract : public ::testing::TestWithParam<SubjectFactory> {
 protected:
  void SetUp() override { subject_ = GetParam().make(); }
  void TearDown() override;

  [[nodiscard]] Subject& subject() { return *subject_; }
  [[nodiscard]] Store& store() { return subject_->store(); }
  [[nodiscard]] std::string Key(std::string_view name) const;
  [[nodiscard]] KeyRange Below(std::string_view name = "") const;

  // These require success, and fail the test without it.
  Revision Put(std::string_view name, std::string_view value, LeaseId lease = 0);
  Revision Delete(std::string_view name);
  TxnResponse Commit(const TxnRequest& request);
  RangeResponse Read(const RangeRequest& request);
  std::vector<KeyValue> ReadAll();
  LeaseId Grant(std::chrono::seconds ttl);
  std::unique_ptr<Watch> Open(std::vector<KeyRange> ranges, Revision start);
  // The next `count` events.
  std::vector<Event> Collect(Watch& watch, std::size_t count);

  [[nodiscard]] PutOp PutOf(std::string_view name, std::string_view value, LeaseId lease = 0) const;
  [[nodiscard]] DeleteOp DeleteOf(std::string_view name) const;
  [[nodiscard]] ErrorCode ErrorOf(const TxnRequest& request);
  [[nodiscard]] ErrorCode ErrorOf(const RangeRequest& request);

 private:
  std::unique_ptr<Subject> subject_;
  std::vector<LeaseId> leases_;
};

// "put /key=value" or "delete /key", in order; easy to compare and to read.
[[nodiscard]] std::vector<std::string> Describe(const std::vector<Event>& events,
                                                std::string_view prefix);
[[nodiscard]] std::vector<std::string> Keys(const std::vector<KeyValue>& kvs,
                                            std::string_view prefix);

}  // namespace rollcall::store::testing
