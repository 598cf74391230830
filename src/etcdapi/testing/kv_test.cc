// The KV service and what is said about the server, over gRPC.
#include <google/protobuf/text_format.h>
#include <grpcpp/generic/generic_stub.h>

#include "etcdapi/testing/served.h"
#include "store/embedded/lmdb_disk.h"
#include "store/embedded/test_disk.h"

namespace rollcall::etcdapi::testing {
namespace {

using etcdserverpb::KV;

class KvTest : public ::testing::Test {
 protected:
  etcdserverpb::RangeResponse Range(const std::string& text) {
    etcdserverpb::RangeRequest request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request));
    etcdserverpb::RangeResponse response;
    EXPECT_EQ(Describe(stubs_.Call(*stubs_.kv, &KV::Stub::Range, request, &response)), "OK");
    return response;
  }
  template <typename Request, typename Response, typename Stub, typename Method>
  std::string ErrorOf(Stub& stub, Method method, const std::string& text) {
    Request request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
    Response response;
    return Describe(stubs_.Call(stub, method, request, &response));
  }
  std::string TxnError(const std::string& text) {
    return ErrorOf<etcdserverpb::TxnRequest, etcdserverpb::TxnResponse>(*stubs_.kv, &KV::Stub::Txn,
                                                                        text);
  }
  std::string PutError(const std::string& text) {
    return ErrorOf<etcdserverpb::PutRequest, etcdserverpb::PutResponse>(*stubs_.kv, &KV::Stub::Put,
                                                                        text);
  }
  std::string RangeError(const std::string& text) {
    return ErrorOf<etcdserverpb::RangeRequest, etcdserverpb::RangeResponse>(*stubs_.kv,
                                                                            &KV::Stub::Range, text);
  }
  std::string CompactError(const std::string& text) {
    return ErrorOf<etcdserverpb::CompactionRequest, etcdserverpb::CompactionResponse>(
        *stubs_.kv, &KV::Stub::Compact, text);
  }

  Served served_;
  Stubs stubs_{served_.Connect()};
};

TEST_F(KvTest, EveryAnswerSaysWhoAnsweredAndAtWhichRevision) {
  EXPECT_EQ(stubs_.Put("a", "1"), 2);
  const auto& identity = served_.engine().identity();
  const auto range = Range("key: 'a'");
  EXPECT_EQ(range.header().cluster_id(), identity.cluster_id);
  EXPECT_EQ(range.header().member_id(), identity.member_id);
  EXPECT_EQ(range.header().raft_term(), identity.term);
  EXPECT_EQ(range.header().revision(), 2);
  EXPECT_EQ(stubs_.Delete("nothing"), 2) << "no revision of its own";
  EXPECT_EQ(stubs_.Delete("a"), 3);
}

TEST_F(KvTest, ManyKeysAndOneKeyAreReadAlike) {
  for (const char* key : {"a", "b", "c"}) stubs_.Put(key, std::string("value of ") + key);
  const auto one = Range("key: 'b'");
  ASSERT_EQ(one.kvs_size(), 1);
  EXPECT_EQ(one.kvs(0).value(), "value of b");
  const auto all = Range("key: '\\0' range_end: '\\0' limit: 2");
  ASSERT_EQ(all.kvs_size(), 2);
  EXPECT_EQ(all.count(), 3);
  EXPECT_TRUE(all.more());
  EXPECT_EQ(all.kvs(1).DebugString(), one.kvs(0).DebugString());
  EXPECT_EQ(Range("key: 'a' range_end: 'z' keys_only: true").kvs(2).value(), "");
  const auto count = Range("key: 'a' range_end: 'z' count_only: true");
  EXPECT_EQ(count.kvs_size(), 0);
  EXPECT_EQ(count.count(), 3);
  EXPECT_EQ(Range("key: 'a' range_end: 'z' sort_order: DESCEND").kvs(0).key(), "c");
}

TEST_F(KvTest, ErrorsAreEtcds) {
  constexpr const char* kNoKey = "INVALID_ARGUMENT etcdserver: key is not provided";
  constexpr const char* kFuture =
      "OUT_OF_RANGE etcdserver: mvcc: required revision is a future revision";
  constexpr const char* kCompacted =
      "OUT_OF_RANGE etcdserver: mvcc: required revision has been compacted";
  constexpr const char* kNoLease = "NOT_FOUND etcdserver: requested lease not found";
  constexpr const char* kTwice = "INVALID_ARGUMENT etcdserver: duplicate key given in txn request";
  for (int i = 0; i < 3; ++i) stubs_.Put("a", "1");

  EXPECT_EQ(RangeError(""), kNoKey);
  EXPECT_EQ(RangeError("key: 'a' revision: 99"), kFuture);
  EXPECT_EQ(RangeError("key: 'a' range_end: 'b' revision: 99"), kFuture);
  EXPECT_EQ(PutError(""), kNoKey);
  EXPECT_EQ(PutError("key: 'k' lease: 5"), kNoLease);
  EXPECT_EQ(PutError("key: 'k' ignore_value: true"), "INVALID_ARGUMENT etcdserver: key not found");
  EXPECT_EQ(PutError("key: 'k' value: 'v' ignore_value: true"),
            "INVALID_ARGUMENT etcdserver: value is provided");
  EXPECT_EQ(PutError("key: 'k' lease: 5 ignore_lease: true"),
            "INVALID_ARGUMENT etcdserver: lease is provided");
  EXPECT_EQ(TxnError("success {}"), "INVALID_ARGUMENT etcdserver: key not found");
  EXPECT_EQ(TxnError("compare {}"), kNoKey);
  EXPECT_EQ(TxnError("success { request_put { key: 'k' } } success { request_put { key: 'k' } }"),
            kTwice);
  std::string many;
  for (int i = 0; i < 129; ++i) many += "success { request_range { key: 'k' } } ";
  EXPECT_EQ(TxnError(many), "INVALID_ARGUMENT etcdserver: too many operations in txn request");
  EXPECT_EQ(CompactError("revision: 99"), kFuture);
  EXPECT_EQ(CompactError("revision: 3"), "OK");
  EXPECT_EQ(CompactError("revision: 3"), kCompacted);
  EXPECT_EQ(RangeError("key: 'a' revision: 2"), kCompacted);
  EXPECT_EQ(TxnError("success { request_range { key: 'a' revision: 2 } }"), kCompacted);
}

TEST_F(KvTest, ARequestMayBeOneAndAHalfMebibytes) {
  etcdserverpb::PutRequest request;
  request.set_key("k");
  etcdserverpb::PutResponse response;
  request.set_value(std::string((3U << 19) - 100, 'v'));
  EXPECT_EQ(Describe(stubs_.Call(*stubs_.kv, &KV::Stub::Put, request, &response)), "OK");
  request.set_value(std::string(3U << 19, 'v'));
  EXPECT_EQ(Describe(stubs_.Call(*stubs_.kv, &KV::Stub::Put, request, &response)),
            "INVALID_ARGUMENT etcdserver: request is too large");
  request.set_value(std::string(4U << 19, 'v'));  // gRPC does not even read it
  const grpc::Status unread = stubs_.Call(*stubs_.kv, &KV::Stub::Put, request, &response);
  EXPECT_EQ(unread.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(KvTest, LargeAnswersToWritesArriveWhole) {
  const std::string value(1U << 20, 'v');
  for (int i = 0; i < 8; ++i) stubs_.Put("k" + std::to_string(i), value);
  etcdserverpb::DeleteRangeRequest request;
  request.set_key("k");
  request.set_range_end("l");
  request.set_prev_kv(true);
  etcdserverpb::DeleteRangeResponse response;
  ASSERT_EQ(Describe(stubs_.Call(*stubs_.kv, &KV::Stub::DeleteRange, request, &response)), "OK");
  ASSERT_EQ(response.prev_kvs_size(), 8);
  EXPECT_EQ(response.prev_kvs(7).value(), value);
  EXPECT_EQ(response.deleted(), 8);
  EXPECT_TRUE(WaitUntil([&] { return served_.server().figures().answer_octets == 0; }));
}

TEST_F(KvTest, TheOnlyMemberIsNamedWithWhereItIsReached) {
  etcdserverpb::MemberListResponse members;
  ASSERT_EQ(Describe(stubs_.Call(*stubs_.cluster, &etcdserverpb::Cluster::Stub::MemberList,
                                 etcdserverpb::MemberListRequest(), &members)),
            "OK");
  EXPECT_EQ(members.header().revision(), 0);
  ASSERT_EQ(members.members_size(), 1);
  EXPECT_EQ(members.members(0).id(), served_.engine().identity().member_id);
  EXPECT_EQ(members.members(0).name(), "rollcall");
  ASSERT_EQ(members.members(0).clienturls_size(), 1);
  EXPECT_EQ(members.members(0).clienturls(0), "http://" + served_.address());
}

TEST_F(KvTest, StatusAlarmsAndHashes) {
  using Maintenance = etcdserverpb::Maintenance::Stub;
  auto& maintenance = *stubs_.maintenance;
  stubs_.Put("a", "1");
  etcdserverpb::StatusResponse status;
  ASSERT_EQ(Describe(stubs_.Call(maintenance, &Maintenance::Status, {}, &status)), "OK");
  EXPECT_EQ(status.leader(), served_.engine().identity().member_id);
  EXPECT_EQ(status.raftindex(), 2U);
  EXPECT_EQ(status.version(), "3.5.0");
  EXPECT_GT(status.dbsize(), 0);
  EXPECT_EQ(status.errors_size(), 0);

  etcdserverpb::AlarmResponse alarms;
  etcdserverpb::AlarmRequest alarm;
  ASSERT_EQ(Describe(stubs_.Call(maintenance, &Maintenance::Alarm, alarm, &alarms)), "OK");
  EXPECT_EQ(alarms.alarms_size(), 0);
  alarm.set_action(etcdserverpb::AlarmRequest::DEACTIVATE);
  EXPECT_EQ(stubs_.Call(maintenance, &Maintenance::Alarm, alarm, &alarms).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);

  etcdserverpb::HashKVRequest at;
  etcdserverpb::HashKVResponse first;
  etcdserverpb::HashKVResponse second;
  ASSERT_EQ(Describe(stubs_.Call(maintenance, &Maintenance::HashKV, at, &first)), "OK");
  stubs_.Put("a", "2");
  at.set_revision(2);
  ASSERT_EQ(Describe(stubs_.Call(maintenance, &Maintenance::HashKV, at, &second)), "OK");
  EXPECT_EQ(first.hash(), second.hash()) << "of one revision, whenever it is asked for";
  etcdserverpb::HashResponse all;
  ASSERT_EQ(Describe(stubs_.Call(maintenance, &Maintenance::Hash, {}, &all)), "OK");
  EXPECT_NE(all.hash(), first.hash());
  etcdserverpb::DefragmentResponse nothing;
  EXPECT_EQ(Describe(stubs_.Call(maintenance, &Maintenance::Defragment, {}, &nothing)), "OK");
}

TEST(Disk, WhenItIsFullOrFailsWritesFailAndTheAlarmIsOn) {
  using store::embedded::TestDisk;
  const auto disk = std::make_shared<TestDisk::Control>();
  store::embedded::EngineOptions options;
  options.timer = false;
  Served served({}, *store::embedded::Engine::Start(
                        {std::make_unique<TestDisk>(disk), {1, 2, 3}, {}}, options));
  const Stubs stubs(served.Connect());
  const auto put = [&] {
    etcdserverpb::PutRequest request;
    request.set_key("a");
    etcdserverpb::PutResponse response;
    return Describe(stubs.Call(*stubs.kv, &KV::Stub::Put, request, &response));
  };
  // Which alarms are on, and what Status says of them.
  const auto alarms = [&](etcdserverpb::AlarmType wanted) {
    using Maintenance = etcdserverpb::Maintenance::Stub;
    etcdserverpb::AlarmRequest request;
    request.set_alarm(wanted);
    etcdserverpb::AlarmResponse response;
    EXPECT_EQ(Describe(stubs.Call(*stubs.maintenance, &Maintenance::Alarm, request, &response)),
              "OK");
    std::string text;
    for (const auto& alarm : response.alarms()) {
      EXPECT_EQ(alarm.memberid(), 2U);
      text += etcdserverpb::AlarmType_Name(alarm.alarm());
    }
    etcdserverpb::StatusResponse status;
    EXPECT_EQ(Describe(stubs.Call(*stubs.maintenance, &Maintenance::Status, {}, &status)), "OK");
    for (const std::string& error : status.errors()) text += ", " + error;
    return text;
  };
  EXPECT_EQ(put(), "OK");
  EXPECT_EQ(alarms(etcdserverpb::NONE), "");
  disk->FailWith(Error{ErrorCode::kExhausted, "no room"});
  EXPECT_EQ(put(), "RESOURCE_EXHAUSTED etcdserver: mvcc: database space exceeded");
  EXPECT_EQ(alarms(etcdserverpb::NONE), "NOSPACE, NOSPACE: no room");
  EXPECT_EQ(alarms(etcdserverpb::CORRUPT), ", NOSPACE: no room");
  disk->FailWith(std::nullopt);
  EXPECT_EQ(put(), "OK");
  EXPECT_EQ(alarms(etcdserverpb::NONE), "");
  disk->FailWith(Error{ErrorCode::kInternal, "broken"});
  const std::string failed = "UNAVAILABLE etcdserver: broken";
  EXPECT_EQ(put(), failed);
  EXPECT_EQ(alarms(etcdserverpb::NONE), "CORRUPT, CORRUPT: broken");
}

// As a client of etcd would call it that was made from etcd's whole description.
TEST_F(KvTest, AMethodThatWeDoNotHaveIsRefusedWithASentence) {
  grpc::GenericStub stub(served_.Connect());
  for (const char* method : {"/etcdserverpb.Maintenance/Snapshot", "/etcdserverpb.KV/Unheard"}) {
    grpc::ClientContext context;
    stubs_.Prepare(context);
    grpc::CompletionQueue queue;
    const grpc::Slice nothing;
    const auto call =
        stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&nothing, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_TRUE(status.error_message().starts_with(method)) << status.error_message();
  }
}

}  // namespace
}  // namespace rollcall::etcdapi::testing
