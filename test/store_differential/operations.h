// Random operations of the etcd v3 API, and answers as text that may be compared.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "etcd/rpc.grpc.pb.h"

namespace rollcall::differential {

// One of the two servers.
struct Server {
  explicit Server(const std::string& target)
      : channel(grpc::CreateChannel(target, grpc::InsecureChannelCredentials())),
        kv(etcdserverpb::KV::NewStub(channel)),
        lease(etcdserverpb::Lease::NewStub(channel)),
        watch(etcdserverpb::Watch::NewStub(channel)) {}

  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<etcdserverpb::KV::Stub> kv;
  std::unique_ptr<etcdserverpb::Lease::Stub> lease;
  std::unique_ptr<etcdserverpb::Watch::Stub> watch;
};

// Draws requests that are mostly sound: few keys, so that they meet; revisions around
// the present; and now and then what has to be refused.
class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}

  // What the servers have answered, so that revisions mean something.
  void Now(std::int64_t revision) { revision_ = revision; }
  [[nodiscard]] std::int64_t revision() const { return revision_; }

  [[nodiscard]] int Below(int limit) {
    return std::uniform_int_distribution<>(0, limit - 1)(random_);
  }
  [[nodiscard]] bool OneIn(int n) { return Below(n) == 0; }

  [[nodiscard]] etcdserverpb::RangeRequest Range();
  [[nodiscard]] etcdserverpb::PutRequest Put();
  [[nodiscard]] etcdserverpb::DeleteRangeRequest Delete();
  // `depth`: how deep transactions may still be nested.
  [[nodiscard]] etcdserverpb::TxnRequest Txn(int depth);
  [[nodiscard]] etcdserverpb::CompactionRequest Compaction();
  [[nodiscard]] std::int64_t LeaseId() { return 100 + Below(4); }

 private:
  [[nodiscard]] std::string Key();
  [[nodiscard]] std::string End(const std::string& key);
  [[nodiscard]] std::int64_t Revision();
  [[nodiscard]] etcdserverpb::Compare Compare();
  void Operation(etcdserverpb::RequestOp& op, int depth);

  std::mt19937 random_;
  std::int64_t revision_ = 1;
};

// The answer, without what differs by nature: ids of cluster and member, and the term.
[[nodiscard]] std::string Describe(const grpc::Status& status, google::protobuf::Message& answer);

}  // namespace rollcall::differential
