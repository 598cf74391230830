// The store contract on a real etcd.
#include <atomic>

#include "etcd/rpc.grpc.pb.h"
#include "store/etcd/channel.h"
#include "store/etcd/testing/server_test.h"
#include "store/testing/contract_suite.h"

namespace rollcall::store::testing {
namespace {

using etcd::testing::EtcdCluster;

// One etcd for all tests of the suite; each has a prefix of its own.
class EtcdSubject : public Subject {
 public:
  EtcdSubject() : prefix_("/contract/" + std::to_string(++made_) + "/") {
    static EtcdCluster cluster;
    static const bool ready = cluster.WaitReady();
    EXPECT_TRUE(ready);
    options_.endpoints = cluster.urls();
    client_ = *etcd::Connect(options_);
  }

  Store& store() override { return *client_; }
  std::string prefix() const override { return prefix_; }

  void Compact(Revision revision) override {
    auto members = *etcd::MakeMembers(options_);
    grpc::ClientContext context;
    context.set_deadline(etcd::WallDeadline(After(kLong)));
    etcdserverpb::CompactionRequest request;
    request.set_revision(revision);
    etcdserverpb::CompactionResponse response;
    const grpc::Status status = members.front().kv->Compact(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

 private:
  static inline std::atomic<int> made_{0};
  const std::string prefix_;
  etcd::Options options_;
  std::unique_ptr<etcd::Client> client_;
};

INSTANTIATE_TEST_SUITE_P(Etcd, StoreContract, ::testing::Values(SubjectOf<EtcdSubject>("etcd")));

}  // namespace
}  // namespace rollcall::store::testing
