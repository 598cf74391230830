#include "etcdapi/convert.h"

#include <memory>
#include <optional>
#include <utility>

namespace rollcall::etcdapi {
namespace {

using etcdserverpb::RequestOp;
using store::Compare;
using store::embedded::Condition;
using store::embedded::Get;
using store::embedded::Operation;
using store::embedded::Outcome;
using store::embedded::SortBy;
using store::embedded::SortOrder;
using store::embedded::Txn;
using store::embedded::TxnDone;

template <typename Message>
store::KeyRange KeysOf(const Message& message) {
  return {message.key(), message.range_end()};
}

// What is unknown counts as the default, as in etcd.
SortBy ToSortBy(etcdserverpb::RangeRequest::SortTarget target) {
  using Proto = etcdserverpb::RangeRequest;
  switch (target) {
    case Proto::VERSION:
      return SortBy::kVersion;
    case Proto::CREATE:
      return SortBy::kCreateRevision;
    case Proto::MOD:
      return SortBy::kModRevision;
    case Proto::VALUE:
      return SortBy::kValue;
    default:
      return SortBy::kKey;
  }
}

SortOrder ToSortOrder(etcdserverpb::RangeRequest::SortOrder order) {
  using Proto = etcdserverpb::RangeRequest;
  switch (order) {
    case Proto::ASCEND:
      return SortOrder::kAscending;
    case Proto::DESCEND:
      return SortOrder::kDescending;
    default:
      return SortOrder::kNone;
  }
}

std::optional<Compare::Relation> ToRelation(etcdserverpb::Compare::CompareResult result) {
  using Proto = etcdserverpb::Compare;
  switch (result) {
    case Proto::EQUAL:
      return Compare::Relation::kEqual;
    case Proto::GREATER:
      return Compare::Relation::kGreater;
    case Proto::LESS:
      return Compare::Relation::kLess;
    case Proto::NOT_EQUAL:
      return Compare::Relation::kNotEqual;
    default:
      return std::nullopt;
  }
}

// False: a target that we do not know.
bool SetTarget(const etcdserverpb::Compare& proto, Condition& condition) {
  using Proto = etcdserverpb::Compare;
  switch (proto.target()) {
    case Proto::VERSION:
      condition.target = Compare::Target::kVersion;
      condition.number = proto.version();
      return true;
    case Proto::CREATE:
      condition.target = Compare::Target::kCreateRevision;
      condition.number = proto.create_revision();
      return true;
    case Proto::MOD:
      condition.target = Compare::Target::kModRevision;
      condition.number = proto.mod_revision();
      return true;
    case Proto::VALUE:
      condition.target = Compare::Target::kValue;
      condition.value = proto.value();
      return true;
    case Proto::LEASE:
      condition.target = Compare::Target::kLease;
      condition.number = proto.lease();
      return true;
    default:
      return false;
  }
}

Result<Condition> ToCondition(const etcdserverpb::Compare& proto) {
  Condition condition;
  condition.keys = KeysOf(proto);
  const auto relation = ToRelation(proto.result());
  if (!relation || !SetTarget(proto, condition)) {
    return Fail(ErrorCode::kInvalid, "a comparison that this server does not know");
  }
  condition.relation = *relation;
  return condition;
}

// Recursion ends where protobuf's does: it reads messages a hundred deep at most.
Result<Operation> ToOperation(const RequestOp& op) {
  switch (op.request_case()) {
    case RequestOp::kRequestRange:
      return ToGet(op.request_range());
    case RequestOp::kRequestPut:
      return ToPut(op.request_put());
    case RequestOp::kRequestDeleteRange:
      return ToDelete(op.request_delete_range());
    case RequestOp::kRequestTxn: {
      auto nested = ToTxn(op.request_txn());
      if (!nested) return Fail(std::move(nested.error()));
      return std::make_shared<const Txn>(*std::move(nested));
    }
    case RequestOp::REQUEST_NOT_SET:
      break;
  }
  return Fail(ErrorCode::kInvalid, "key not found");  // in so many words, as etcd
}

template <typename Ops>
Result<std::vector<Operation>> ToOperations(const Ops& ops) {
  std::vector<Operation> operations;
  operations.reserve(static_cast<std::size_t>(ops.size()));
  for (const RequestOp& op : ops) {
    auto operation = ToOperation(op);
    if (!operation) return Fail(std::move(operation.error()));
    operations.push_back(*std::move(operation));
  }
  return operations;
}

// --- back

void FillRange(const store::embedded::Found& found, bool keys_only,
               etcdserverpb::RangeResponse& response) {
  response.mutable_header()->set_revision(found.revision);
  response.set_count(found.count);
  response.set_more(found.more);
  response.mutable_kvs()->Reserve(static_cast<int>(found.records.size()));
  for (const auto& record : found.records) Fill(*record, keys_only, *response.add_kvs());
}

// One operation's part of the answer.
struct FillOp {
  const RequestOp& request;
  etcdserverpb::ResponseOp& response;

  void operator()(const store::embedded::Found& found) const {
    FillRange(found, request.request_range().keys_only(), *response.mutable_response_range());
  }
  void operator()(const store::embedded::PutDone& done) const {
    auto& put = *response.mutable_response_put();
    put.mutable_header()->set_revision(done.revision);
    Fill(done, put);
  }
  void operator()(const store::embedded::Deleted& done) const {
    auto& deletion = *response.mutable_response_delete_range();
    deletion.mutable_header()->set_revision(done.revision);
    Fill(done, deletion);
  }
  void operator()(const std::shared_ptr<const TxnDone>& done) const {
    auto& txn = *response.mutable_response_txn();
    txn.mutable_header();  // there, and empty, as etcd's
    Fill(*done, request.request_txn(), txn);
  }
};

std::size_t OctetsOf(const std::vector<store::embedded::Record>& records) {
  std::size_t octets = 0;
  for (const auto& record : records) octets += record->size();
  return octets;
}

struct OctetsOfOutcome {
  std::size_t operator()(const store::embedded::Found& found) const {
    return OctetsOf(found.records);
  }
  std::size_t operator()(const store::embedded::PutDone& done) const {
    return done.previous ? done.previous->size() : 0;
  }
  std::size_t operator()(const store::embedded::Deleted& done) const {
    return OctetsOf(done.previous);
  }
  std::size_t operator()(const std::shared_ptr<const TxnDone>& done) const {
    return etcdapi::OctetsOf(*done);
  }
};

}  // namespace

Get ToGet(const etcdserverpb::RangeRequest& request) {
  return {.keys = KeysOf(request),
          .revision = request.revision(),
          .limit = request.limit(),
          .count_only = request.count_only(),
          .min_mod_revision = request.min_mod_revision(),
          .max_mod_revision = request.max_mod_revision(),
          .min_create_revision = request.min_create_revision(),
          .max_create_revision = request.max_create_revision(),
          .sort_by = ToSortBy(request.sort_target()),
          .sort_order = ToSortOrder(request.sort_order())};
}

store::embedded::Put ToPut(const etcdserverpb::PutRequest& request) {
  return {.key = request.key(),
          .value = request.value(),
          .lease = request.lease(),
          .want_previous = request.prev_kv(),
          .keep_value = request.ignore_value(),
          .keep_lease = request.ignore_lease()};
}

store::embedded::Delete ToDelete(const etcdserverpb::DeleteRangeRequest& request) {
  return {KeysOf(request), request.prev_kv()};
}

Result<Txn> ToTxn(const etcdserverpb::TxnRequest& request) {
  Txn txn;
  for (const auto& compare : request.compare()) {
    auto condition = ToCondition(compare);
    if (!condition) return Fail(std::move(condition.error()));
    txn.conditions.push_back(*std::move(condition));
  }
  auto then = ToOperations(request.success());
  if (!then) return Fail(std::move(then.error()));
  auto otherwise = ToOperations(request.failure());
  if (!otherwise) return Fail(std::move(otherwise.error()));
  txn.then = *std::move(then);
  txn.otherwise = *std::move(otherwise);
  return txn;
}

WatchRequest ToWatchRequest(const etcdserverpb::WatchRequest& request) {
  if (request.has_cancel_request()) return WatchCancel{request.cancel_request().watch_id()};
  if (request.has_progress_request()) return WatchProgress{};
  if (!request.has_create_request()) return {};
  const auto& create = request.create_request();
  WatchOrder order{.keys = KeysOf(create),
                   .start = create.start_revision(),
                   .id = create.watch_id(),
                   .previous = create.prev_kv(),
                   .progress = create.progress_notify(),
                   .fragment = create.fragment()};
  for (const int filter : create.filters()) {
    if (filter == etcdserverpb::WatchCreateRequest::NOPUT) order.puts = false;
    if (filter == etcdserverpb::WatchCreateRequest::NODELETE) order.deletions = false;
  }
  return order;
}

void Fill(const store::embedded::RecordBody& record, bool keys_only, mvccpb::KeyValue& proto) {
  proto.set_key(record.key().data(), record.key().size());
  proto.set_create_revision(record.create_revision());
  proto.set_mod_revision(record.mod_revision());
  proto.set_version(record.version());
  if (!keys_only) proto.set_value(record.value().data(), record.value().size());
  proto.set_lease(record.lease());
}

void Fill(const store::embedded::PutDone& done, etcdserverpb::PutResponse& response) {
  if (done.previous) Fill(*done.previous, false, *response.mutable_prev_kv());
}

void Fill(const store::embedded::Deleted& done, etcdserverpb::DeleteRangeResponse& response) {
  response.set_deleted(done.count);
  for (const auto& record : done.previous) Fill(*record, false, *response.add_prev_kvs());
}

void Fill(const TxnDone& done, const etcdserverpb::TxnRequest& request,
          etcdserverpb::TxnResponse& response) {
  response.set_succeeded(done.succeeded);
  const auto& branch = done.succeeded ? request.success() : request.failure();
  for (std::size_t i = 0; i < done.outcomes.size(); ++i) {
    std::visit(FillOp{branch[static_cast<int>(i)], *response.add_responses()}, done.outcomes[i]);
  }
}

std::size_t OctetsOf(const TxnDone& done) {
  constexpr std::size_t kOctetsOfOutcome = 32;  // besides its records
  std::size_t octets = 0;
  for (const Outcome& outcome : done.outcomes) {
    octets += kOctetsOfOutcome + std::visit(OctetsOfOutcome{}, outcome);
  }
  return octets;
}

}  // namespace rollcall::etcdapi
