// The store contract through our own client, over gRPC, on a store that we serve.
#include "etcdapi/testing/movable_clock.h"
#include "etcdapi/testing/served.h"
#include "store/testing/contract_suite.h"

namespace rollcall::store::testing {
namespace {

class ServedSubject : public Subject {
 public:
  Store& store() override { return *client_; }
  std::string prefix() const override { return "/contract/"; }

  void Compact(Revision revision) override {
    const etcdapi::testing::Stubs stubs(served_.Connect());
    etcdserverpb::CompactionRequest request;
    request.set_revision(revision);
    etcdserverpb::CompactionResponse response;
    ASSERT_EQ(etcdapi::testing::Describe(
                  stubs.Call(*stubs.kv, &etcdserverpb::KV::Stub::Compact, request, &response)),
              "OK");
  }
  void Elapse(std::chrono::seconds time) override {
    clock_.Advance(time);
    served_.engine().Tick();
  }

 private:
  static embedded::EngineOptions Untimed() {
    embedded::EngineOptions options;
    options.timer = false;
    return options;
  }

  etcdapi::testing::MovableClock clock_;
  etcdapi::testing::Served served_{{}, Untimed(), clock_};
  const std::unique_ptr<etcd::Client> client_ = served_.MakeClient();
};

INSTANTIATE_TEST_SUITE_P(Served, StoreContract,
                         ::testing::Values(SubjectOf<ServedSubject>("served")));

}  // namespace
}  // namespace rollcall::store::testing
