// The same requests to Debian's etcd and to a store that we serve: whatever the one
// answers, the other does too, but for who they are.
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "etcdapi/testing/served.h"
#include "store/etcd/testing/etcd_process.h"

namespace rollcall::etcdapi::testing {
namespace {

using etcdserverpb::KV;
using etcdserverpb::Lease;
using google::protobuf::TextFormat;
using store::etcd::testing::EtcdCluster;

// The answer as text, without what is each server's own; or the error.
template <typename Response>
std::string Describe(const grpc::Status& status, Response response) {
  if (!status.ok()) return testing::Describe(status);
  auto& header = *response.mutable_header();
  header.clear_cluster_id();
  header.clear_member_id();
  header.clear_raft_term();
  std::string text;
  TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.PrintToString(response, &text);
  return text;
}

using Ask = std::function<std::string(const Stubs& stubs, const std::string& request)>;

template <typename Stub, typename Request, typename Response>
Ask MakeAsk(const std::unique_ptr<Stub> Stubs::*stub,
            grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
  return [stub, method](const Stubs& stubs, const std::string& text) {
    Request request;
    EXPECT_TRUE(TextFormat::ParseFromString(text, &request)) << text;
    Response response;
    const grpc::Status status = stubs.Call(*(stubs.*stub), method, request, &response);
    return Describe(status, response);
  };
}

const std::map<std::string, Ask>& Methods() {
  static const std::map<std::string, Ask> methods = {
      {"range", MakeAsk(&Stubs::kv, &KV::Stub::Range)},
      {"put", MakeAsk(&Stubs::kv, &KV::Stub::Put)},
      {"delete", MakeAsk(&Stubs::kv, &KV::Stub::DeleteRange)},
      {"txn", MakeAsk(&Stubs::kv, &KV::Stub::Txn)},
      {"compact", MakeAsk(&Stubs::kv, &KV::Stub::Compact)},
      {"grant", MakeAsk(&Stubs::lease, &Lease::Stub::LeaseGrant)},
      {"revoke", MakeAsk(&Stubs::lease, &Lease::Stub::LeaseRevoke)},
      {"ttl", MakeAsk(&Stubs::lease, &Lease::Stub::LeaseTimeToLive)},
      {"leases", MakeAsk(&Stubs::lease, &Lease::Stub::LeaseLeases)},
      {"authenticate", MakeAsk(&Stubs::auth, &etcdserverpb::Auth::Stub::Authenticate)},
  };
  return methods;
}

class AsEtcd : public ::testing::Test {
 protected:
  static EtcdCluster& Etcd() {
    static EtcdCluster etcd;
    static const bool ready = etcd.WaitReady();
    EXPECT_TRUE(ready);
    return etcd;
  }
  static std::shared_ptr<grpc::Channel> ConnectEtcd() {
    const std::string url = Etcd().urls().front();
    return grpc::CreateChannel(url.substr(url.find("//") + 2), grpc::InsecureChannelCredentials());
  }
  // Both begin at one revision: ours catches up with what other tests wrote to etcd.
  void SetUp() override {
    const store::Revision theirs = etcd_.Put("start", "");
    while (ours_.Put("start", "") < theirs) {
    }
    for (const Stubs* stubs : {&etcd_, &ours_}) {
      ASSERT_EQ(Methods().at("delete")(*stubs, "key: '\\0' range_end: '\\0'").find("ERR"),
                std::string::npos);
    }
  }
  // Of each line "METHOD REQUEST", which goes on in those that begin with a space; what is
  // asked next depends on what was done before.
  void Compare(const std::string& script) {
    std::istringstream lines(script);
    std::string step;
    const auto compare_step = [&] {
      if (step.empty()) return;
      const std::size_t space = std::min(step.find(' '), step.size());
      const Ask& ask = Methods().at(step.substr(0, space));
      const std::string request = step.substr(space);
      EXPECT_EQ(ask(ours_, request), ask(etcd_, request)) << step;
    };
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(' ')) {
        compare_step();
        step.clear();
      }
      step += line;
    }
    compare_step();
  }

  Served served_;
  Stubs ours_{served_.Connect()};
  Stubs etcd_{ConnectEtcd()};
};

TEST_F(AsEtcd, Ranges) {
  Compare(R"(
put key: 'a' value: '3'
put key: 'b' value: '1'
put key: 'c' value: '2'
put key: 'b' value: '0' prev_kv: true
range key: 'b'
range key: 'b' keys_only: true
range key: 'b' count_only: true
range key: 'none'
range
range range_end: 'b'
range key: 'a' range_end: 'c'
range key: 'a' range_end: 'c' limit: 1
range key: 'a' range_end: 'c' limit: 1 count_only: true
range key: 'a' range_end: '\0' limit: 2
range key: '\0' range_end: '\0' keys_only: true
range key: 'c' range_end: 'a'
range key: 'a' range_end: 'a'
range key: 'a' range_end: 'z' sort_order: DESCEND
range key: 'a' range_end: 'z' sort_order: ASCEND sort_target: VERSION
range key: 'a' range_end: 'z' sort_target: VALUE
range key: 'a' range_end: 'z' sort_target: MOD sort_order: DESCEND limit: 1
range key: 'a' range_end: 'z' sort_target: CREATE limit: 2
range key: 'a' range_end: 'z' limit: -1
range key: 'a' revision: -1
range key: 'a' revision: 100000
range key: 'a' range_end: 'z' min_mod_revision: 100000
range key: 'a' range_end: 'z' max_create_revision: 1 limit: 1
range key: 'b' serializable: true
)");
}

TEST_F(AsEtcd, PutsAndDeletions) {
  Compare(R"(
put
put key: 'a'
put key: 'a' value: '1' prev_kv: true
put key: 'a' ignore_value: true
put key: 'a' value: '2' ignore_value: true
put key: 'none' ignore_value: true
put key: 'none' ignore_lease: true
put key: 'a' lease: 12345
put key: 'a' lease: 1 ignore_lease: true
delete
delete key: 'none'
delete key: 'none' prev_kv: true
delete key: 'a' range_end: 'a'
put key: 'b' value: '1'
delete key: 'a' range_end: 'z' prev_kv: true
range key: 'a' range_end: 'z'
put key: 'a' value: 'new'
range key: 'a'
)");
}

TEST_F(AsEtcd, Transactions) {
  Compare(R"(
txn
txn compare {}
txn success {}
txn success { request_put {} }
txn failure { request_range {} }
txn compare { key: 'a' target: VERSION version: 0 } success { request_put { key: 'a' value:
  '1' } } failure { request_range { key: 'a' } }
txn compare { key: 'a' target: VERSION version: 0 } success { request_put { key: 'a' value:
  '1' } } failure { request_range { key: 'a' } }
txn compare { key: 'a' target: VALUE value: '1' } success { request_range { key: 'a'
  keys_only: true } } success { request_put { key: 'b' prev_kv: true } } success {
  request_range { key: 'a' range_end: 'z' } } success { request_delete_range { key: 'c'
  range_end: 'z' prev_kv: true } }
txn compare { key: 'none' target: VALUE result: LESS value: '1' }
txn compare { key: 'none' target: VALUE result: NOT_EQUAL value: '1' }
txn compare { key: 'none' target: MOD result: LESS mod_revision: 1 }
txn compare { key: 'none' target: LEASE lease: 0 }
txn compare { key: 'a' range_end: 'z' target: CREATE result: GREATER create_revision: 0 }
txn compare { key: 'a' range_end: 'z' target: VALUE value: '1' }
txn compare { key: 'x' range_end: 'z' target: VALUE value: '1' }
txn compare { key: 'a' target: MOD version: 9 }
txn success { request_txn { success { request_put { key: 'n' } } } } success { request_range
  { key: 'n' } }
txn success { request_txn { compare { key: 'n' version: 5 } failure { request_delete_range {
  key: 'n' } } } }
txn success { request_put { key: 'd' } } success { request_put { key: 'd' } }
txn success { request_put { key: 'd' } } success { request_delete_range { key: 'd' } }
txn success { request_put { key: 'd' } } success { request_delete_range { key: 'c'
  range_end: 'e' } }
txn success { request_delete_range { key: 'a' } } success { request_delete_range { key: 'a'
  range_end: 'c' } }
txn success { request_put { key: 'd' } } success { request_txn { success { request_put {
  key: 'd' } } } }
txn success { request_txn { success { request_put { key: 'd' } } failure { request_put {
  key: 'd' } } } }
txn success { request_put { key: 'd' lease: 5 } }
txn success { request_put { key: 'e' value: '1' } } success { request_put { key: 'none'
  ignore_value: true } }
txn success { request_range { key: 'a' revision: 100000 } }
range key: 'a' range_end: 'z'
)");
}

TEST_F(AsEtcd, LeasesAndCompaction) {
  Compare(R"(
grant TTL: 1000 ID: 7
grant TTL: 1000 ID: 7
grant TTL: 1 ID: 8
grant TTL: 9000000001 ID: 9
put key: 'a' value: '1' lease: 7
put key: 'b' value: '1' lease: 7
put key: 'b' value: '2' ignore_lease: true
put key: 'c' value: '1' lease: 7
put key: 'c' value: '1'
ttl ID: 6
revoke ID: 6
revoke ID: 8
leases
txn compare { key: 'a' target: LEASE lease: 7 } success { request_range { key: 'a' } }
revoke ID: 7
range key: 'a' range_end: 'z'
ttl ID: 7 keys: true
leases
compact revision: 100000
compact revision: 2
compact revision: 2
range key: 'a' revision: 1
txn success { request_range { key: 'a' revision: 1 } }
authenticate name: 'a' password: 'b'
)");
}

// A stream on each; what comes is compared message by message.
TEST_F(AsEtcd, Watches) {
  WatchClient ours(ours_);
  WatchClient theirs(etcd_);
  const auto both = [&](const std::function<void(WatchClient&)>& act) {
    act(ours);
    act(theirs);
  };
  const auto create = [&](const std::string& text) {
    etcdserverpb::WatchCreateRequest request;
    ASSERT_TRUE(TextFormat::ParseFromString(text, &request)) << text;
    both([&](WatchClient& client) { client.Create(request); });
  };
  const auto compare = [&](const std::string& what) {
    EXPECT_EQ(Describe(grpc::Status::OK, ours.Next()), Describe(grpc::Status::OK, theirs.Next()))
        << what;
  };

  for (const char* text :
       {"key: 'b' range_end: 'a'", "key: 'b' range_end: 'b'", "key: 'a'", "key: 'p' prev_kv: true",
        "key: 'a' watch_id: 1", "key: 'd' filters: NOPUT watch_id: 77"}) {
    create(text);
    compare(text);
  }
  const std::string first = std::to_string(etcd_.Put("a", "1"));
  ours_.Put("a", "1");
  compare("a put");
  Compare("delete key: 'a'");
  compare("a deletion");
  Compare("put key: 'p' value: '1'");
  compare("a first put, with what was before it");
  Compare("put key: 'p' value: '2'");
  compare("another");
  Compare("delete key: 'p'");
  compare("a deletion, with what was before it");
  Compare("put key: 'd' value: '1'\ndelete key: 'd'");
  compare("a deletion only");
  both([](WatchClient& client) { client.Cancel(99); });
  both([](WatchClient& client) { client.Cancel(77); });
  compare("cancelled");
  both([](WatchClient& client) { client.AskProgress(); });
  compare("progress");
  create("key: 'a' start_revision: " + first);
  compare("from the past: created");
  compare("from the past");
}

TEST_F(AsEtcd, AWatchFromBeforeACompaction) {
  Compare("put key: 'a' value: '1'\nput key: 'a' value: '2'");
  const std::string now = std::to_string(etcd_.Put("a", "3"));
  ours_.Put("a", "3");
  Compare("compact revision: " + now);
  WatchClient ours(ours_);
  WatchClient theirs(etcd_);
  etcdserverpb::WatchCreateRequest request;
  request.set_key("a");
  request.set_start_revision(1);
  for (WatchClient* client : {&ours, &theirs}) client->Create(request);
  for (const char* what : {"created", "cancelled"}) {
    EXPECT_EQ(Describe(grpc::Status::OK, ours.Next()), Describe(grpc::Status::OK, theirs.Next()))
        << what;
  }
}

}  // namespace
}  // namespace rollcall::etcdapi::testing
