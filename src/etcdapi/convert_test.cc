#include "etcdapi/convert.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/encode.h"

namespace rollcall::etcdapi {
namespace {

using store::Compare;
using store::embedded::Delete;
using store::embedded::Deleted;
using store::embedded::Found;
using store::embedded::Get;
using store::embedded::Nested;
using store::embedded::Put;
using store::embedded::PutDone;
using store::embedded::Record;
using store::embedded::RecordBody;
using store::embedded::SortBy;
using store::embedded::SortOrder;
using store::embedded::TxnDone;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

template <typename Message>
Message Decode(grpc::ByteBuffer octets) {
  Message message;
  EXPECT_TRUE(grpc::SerializationTraits<Message>::Deserialize(&octets, &message).ok());
  return message;
}

Record MakeRecord(const char* key, const char* value) {
  return RecordBody::Make(
      key, value, {.create_revision = 3, .mod_revision = 5, .version = 2, .lease = 7, .place = 0});
}

// --- requests

TEST(Convert, EveryFieldOfARangeRequestArrives) {
  const Get get = ToGet(Parse<etcdserverpb::RangeRequest>(
      "key: 'a' range_end: 'b' limit: 1 revision: 2 count_only: true min_mod_revision: 3 "
      "max_mod_revision: 4 min_create_revision: 5 max_create_revision: 6 sort_order: DESCEND "
      "sort_target: MOD"));
  EXPECT_EQ(get.keys, (store::KeyRange{"a", "b"}));
  EXPECT_EQ(get.limit, 1);
  EXPECT_EQ(get.revision, 2);
  EXPECT_TRUE(get.count_only);
  EXPECT_EQ(get.min_mod_revision, 3);
  EXPECT_EQ(get.max_mod_revision, 4);
  EXPECT_EQ(get.min_create_revision, 5);
  EXPECT_EQ(get.max_create_revision, 6);
  EXPECT_EQ(get.sort_order, SortOrder::kDescending);
  EXPECT_EQ(get.sort_by, SortBy::kModRevision);
}

TEST(Convert, SortTargetsAndOrdersAreNotMixedUp) {
  const std::pair<const char*, SortBy> targets[] = {{"KEY", SortBy::kKey},
                                                    {"VERSION", SortBy::kVersion},
                                                    {"CREATE", SortBy::kCreateRevision},
                                                    {"MOD", SortBy::kModRevision},
                                                    {"VALUE", SortBy::kValue}};
  for (const auto& [name, expected] : targets) {
    const auto request = Parse<etcdserverpb::RangeRequest>(std::string("sort_target: ") + name);
    EXPECT_EQ(ToGet(request).sort_by, expected) << name;
  }
  const std::pair<const char*, SortOrder> orders[] = {{"NONE", SortOrder::kNone},
                                                      {"ASCEND", SortOrder::kAscending},
                                                      {"DESCEND", SortOrder::kDescending}};
  for (const auto& [name, expected] : orders) {
    const auto request = Parse<etcdserverpb::RangeRequest>(std::string("sort_order: ") + name);
    EXPECT_EQ(ToGet(request).sort_order, expected) << name;
  }
}

TEST(Convert, ComparisonsKeepTargetRelationAndOperand) {
  struct Case {
    const char* text;
    Compare::Target target;
    Compare::Relation relation;
    std::int64_t number;
    const char* value;
  };
  const Case cases[] = {
      {"target: VERSION result: EQUAL version: 1", Compare::Target::kVersion,
       Compare::Relation::kEqual, 1, ""},
      {"target: CREATE result: GREATER create_revision: 2", Compare::Target::kCreateRevision,
       Compare::Relation::kGreater, 2, ""},
      {"target: MOD result: LESS mod_revision: 3", Compare::Target::kModRevision,
       Compare::Relation::kLess, 3, ""},
      {"target: VALUE result: NOT_EQUAL value: 'v'", Compare::Target::kValue,
       Compare::Relation::kNotEqual, 0, "v"},
      {"target: LEASE lease: 4", Compare::Target::kLease, Compare::Relation::kEqual, 4, ""},
      // As in etcd, an operand of another kind counts as none.
      {"target: MOD version: 9", Compare::Target::kModRevision, Compare::Relation::kEqual, 0, ""},
  };
  for (const Case& one : cases) {
    const auto txn = ToTxn(Parse<etcdserverpb::TxnRequest>(
        std::string("compare { key: 'k' range_end: 'l' ") + one.text + " }"));
    ASSERT_TRUE(txn) << one.text;
    const auto& condition = txn->conditions.at(0);
    EXPECT_EQ(condition.keys, (store::KeyRange{"k", "l"}));
    EXPECT_EQ(condition.target, one.target) << one.text;
    EXPECT_EQ(condition.relation, one.relation) << one.text;
    EXPECT_EQ(condition.number, one.number) << one.text;
    EXPECT_EQ(condition.value, one.value) << one.text;
  }
}

TEST(Convert, ATransactionKeepsItsBranchesAndWhatIsNestedInThem) {
  const auto txn = ToTxn(Parse<etcdserverpb::TxnRequest>(R"(
    success { request_put { key: 'a' value: 'v' lease: 1 prev_kv: true ignore_value: true
                            ignore_lease: true } }
    success { request_txn { failure { request_range { key: 'b' } } } }
    failure { request_delete_range { key: 'c' range_end: 'd' prev_kv: true } })"));
  ASSERT_TRUE(txn);
  const auto& put = std::get<Put>(txn->then.at(0));
  EXPECT_EQ(put.key, "a");
  EXPECT_EQ(put.value, "v");
  EXPECT_EQ(put.lease, 1);
  EXPECT_TRUE(put.want_previous && put.keep_value && put.keep_lease);
  const auto& nested = std::get<Nested>(txn->then.at(1));
  EXPECT_EQ(std::get<Get>(nested->otherwise.at(0)).keys.begin, "b");
  const auto& deletion = std::get<Delete>(txn->otherwise.at(0));
  EXPECT_EQ(deletion.keys, (store::KeyRange{"c", "d"}));
  EXPECT_TRUE(deletion.want_previous);
}

TEST(Convert, WhatIsNoOperationOrComparisonIsRefused) {
  EXPECT_EQ(ToTxn(Parse<etcdserverpb::TxnRequest>("success {}")).error().message, "key not found");
  etcdserverpb::TxnRequest unknown;
  unknown.add_compare()->set_result(static_cast<etcdserverpb::Compare::CompareResult>(9));
  EXPECT_EQ(ToTxn(unknown).error().code, ErrorCode::kInvalid);
  unknown.mutable_compare(0)->set_result(etcdserverpb::Compare::EQUAL);
  unknown.mutable_compare(0)->set_target(static_cast<etcdserverpb::Compare::CompareTarget>(9));
  EXPECT_EQ(ToTxn(unknown).error().code, ErrorCode::kInvalid);
}

TEST(Convert, WatchRequestsOfEachKind) {
  const auto request = ToWatchRequest(Parse<etcdserverpb::WatchRequest>(
      "create_request { key: 'a' range_end: 'b' start_revision: 1 progress_notify: true "
      "filters: NOPUT filters: NODELETE prev_kv: true watch_id: 2 fragment: true }"));
  const auto& order = std::get<WatchOrder>(request);
  EXPECT_EQ(order.keys, (store::KeyRange{"a", "b"}));
  EXPECT_EQ(order.start, 1);
  EXPECT_EQ(order.id, 2);
  EXPECT_TRUE(order.progress && order.previous && order.fragment);
  EXPECT_FALSE(order.puts || order.deletions);
  const auto plain = ToWatchRequest(Parse<etcdserverpb::WatchRequest>("create_request {}"));
  EXPECT_TRUE(std::get<WatchOrder>(plain).puts && std::get<WatchOrder>(plain).deletions);

  const auto cancel =
      ToWatchRequest(Parse<etcdserverpb::WatchRequest>("cancel_request { watch_id: 3 }"));
  EXPECT_EQ(std::get<WatchCancel>(cancel).id, 3);
  const auto progress = ToWatchRequest(Parse<etcdserverpb::WatchRequest>("progress_request {}"));
  EXPECT_TRUE(std::holds_alternative<WatchProgress>(progress));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(ToWatchRequest({})));
}

// --- answers

TEST(Convert, ATransactionsAnswerHasRevisionsInsideAndAnEmptyHeaderWhereItIsNested) {
  const auto request = Parse<etcdserverpb::TxnRequest>(R"(
    success { request_put {} }
    success { request_range { keys_only: true } }
    success { request_delete_range {} }
    success { request_txn { failure { request_put {} } } })");
  const auto nested = std::make_shared<TxnDone>();
  nested->outcomes = {PutDone{6, nullptr}};
  TxnDone done{6, true, {}};
  done.outcomes = {PutDone{6, MakeRecord("a", "1")}, Found{6, {MakeRecord("b", "2")}, true, 9},
                   Deleted{6, 1, {MakeRecord("c", "3")}}, std::shared_ptr<const TxnDone>(nested)};
  etcdserverpb::TxnResponse response;
  Fill(done, request, response);
  const std::string facts = "create_revision: 3 mod_revision: 5 version: 2 lease: 7 ";
  const auto expected = Parse<etcdserverpb::TxnResponse>(
      "succeeded: true "
      "responses { response_put { header { revision: 6 } prev_kv { key: 'a' value: '1' " +
      facts +
      "} } } responses { response_range { header { revision: 6 } more: true count: 9 "
      "kvs { key: 'b' " +
      facts +
      "} } } responses { response_delete_range { "
      "header { revision: 6 } deleted: 1 prev_kvs { key: 'c' value: '3' " +
      facts +
      "} } } responses { response_txn { header {} responses { response_put { "
      "header { revision: 6 } } } } }");
  EXPECT_EQ(response.DebugString(), expected.DebugString());
  EXPECT_GE(OctetsOf(done), 3 * MakeRecord("a", "1")->size());
}

TEST(Encode, ARangesAnswerIsWhatProtobufWouldWrite) {
  etcdserverpb::ResponseHeader header;
  header.set_cluster_id(~0ULL);
  header.set_revision(6);
  Found found{6, {}, true, 300};
  const std::string large(3'000'000, 'x');  // over several of gRPC's blocks
  found.records = {MakeRecord("a", "1"), MakeRecord("b", ""), MakeRecord("c", large.c_str()),
                   RecordBody::Tombstone("d", 5, 0)};
  for (const bool keys_only : {false, true}) {
    const auto response = Decode<etcdserverpb::RangeResponse>(Encode(header, found, keys_only));
    etcdserverpb::RangeResponse expected;
    *expected.mutable_header() = header;
    expected.set_more(true);
    expected.set_count(300);
    for (const Record& record : found.records) Fill(*record, keys_only, *expected.add_kvs());
    EXPECT_EQ(response.SerializeAsString(), expected.SerializeAsString());
  }
  const auto empty = Decode<etcdserverpb::RangeResponse>(Encode({}, Found{}, false));
  EXPECT_EQ(empty.kvs_size(), 0);
}

TEST(Encode, AWatchMessageIsWhatProtobufWouldWrite) {
  WatchMessage message{.id = 3, .revision = 9, .fragment = true};
  message.changes = {{MakeRecord("a", "1"), MakeRecord("a", "0")},
                     {RecordBody::Tombstone("b", 8, 1), nullptr}};
  const auto response = Decode<etcdserverpb::WatchResponse>(*Encode({}, message));
  const std::string facts = "create_revision: 3 mod_revision: 5 version: 2 lease: 7 ";
  const auto expected = Parse<etcdserverpb::WatchResponse>(
      "header { revision: 9 } watch_id: 3 fragment: true "
      "events { kv { key: 'a' value: '1' " +
      facts + "} prev_kv { key: 'a' value: '0' " + facts +
      "} } events { type: DELETE kv { key: 'b' mod_revision: 8 } }");
  EXPECT_EQ(response.DebugString(), expected.DebugString());

  const WatchMessage refused{.revision = 9,
                             .created = true,
                             .canceled = true,
                             .compact_revision = 4,
                             .cancel_reason = "why"};
  EXPECT_EQ(Decode<etcdserverpb::WatchResponse>(*Encode({}, refused)).DebugString(),
            Parse<etcdserverpb::WatchResponse>(
                "header { revision: 9 } watch_id: -1 created: true canceled: true "
                "compact_revision: 4 cancel_reason: 'why'")
                .DebugString());
}

}  // namespace
}  // namespace rollcall::etcdapi
