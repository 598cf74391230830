#include "store/etcd/convert.h"

#include <string>
#include <utility>

namespace rollcall::store::etcd {
namespace {

// etcd takes no empty key; nothing lies between it and the key of one zero octet.
std::string BeginOf(const KeyRange& keys) {
  if (keys.begin.empty() && !keys.end.empty()) return std::string(1, '\0');
  return keys.begin;
}

template <typename Message>
void SetRange(Message& message, const KeyRange& keys) {
  message.set_key(BeginOf(keys));
  message.set_range_end(keys.end);
}

etcdserverpb::Compare ToProto(const Compare& compare) {
  using Proto = etcdserverpb::Compare;
  Proto proto;
  proto.set_key(compare.key);
  switch (compare.relation) {
    case Compare::Relation::kEqual:
      proto.set_result(Proto::EQUAL);
      break;
    case Compare::Relation::kNotEqual:
      proto.set_result(Proto::NOT_EQUAL);
      break;
    case Compare::Relation::kGreater:
      proto.set_result(Proto::GREATER);
      break;
    case Compare::Relation::kLess:
      proto.set_result(Proto::LESS);
      break;
  }
  switch (compare.target) {
    case Compare::Target::kVersion:
      proto.set_target(Proto::VERSION);
      proto.set_version(compare.number);
      break;
    case Compare::Target::kCreateRevision:
      proto.set_target(Proto::CREATE);
      proto.set_create_revision(compare.number);
      break;
    case Compare::Target::kModRevision:
      proto.set_target(Proto::MOD);
      proto.set_mod_revision(compare.number);
      break;
    case Compare::Target::kValue:
      proto.set_target(Proto::VALUE);
      proto.set_value(compare.value);
      break;
    case Compare::Target::kLease:
      proto.set_target(Proto::LEASE);
      proto.set_lease(compare.number);
      break;
  }
  return proto;
}

struct OpToProto {
  etcdserverpb::RequestOp& proto;

  void operator()(const PutOp& op) const {
    auto& put = *proto.mutable_request_put();
    put.set_key(op.key);
    put.set_value(op.value);
    put.set_lease(op.lease);
  }
  void operator()(const DeleteOp& op) const {
    SetRange(*proto.mutable_request_delete_range(), op.keys);
  }
  void operator()(const GetOp& op) const { SetRange(*proto.mutable_request_range(), op.keys); }
};

KeyValue FromProto(mvccpb::KeyValue&& proto) {
  KeyValue kv;
  kv.key = std::move(*proto.mutable_key());
  kv.value = std::move(*proto.mutable_value());
  kv.create_revision = proto.create_revision();
  kv.mod_revision = proto.mod_revision();
  kv.version = proto.version();
  kv.lease = proto.lease();
  return kv;
}

Header FromProto(const etcdserverpb::ResponseHeader& proto) {
  return {proto.cluster_id(), proto.revision()};
}

OpResult FromProto(etcdserverpb::ResponseOp&& proto) {
  OpResult result;
  if (proto.has_response_range()) {
    for (auto& kv : *proto.mutable_response_range()->mutable_kvs()) {
      result.kvs.push_back(FromProto(std::move(kv)));
    }
  } else if (proto.has_response_delete_range()) {
    result.deleted = proto.response_delete_range().deleted();
  }
  return result;
}

}  // namespace

etcdserverpb::RangeRequest ToProto(const RangeRequest& request) {
  etcdserverpb::RangeRequest proto;
  SetRange(proto, request.keys);
  proto.set_revision(request.revision);
  proto.set_limit(request.limit);
  proto.set_keys_only(request.keys_only);
  proto.set_count_only(request.count_only);
  return proto;
}

etcdserverpb::TxnRequest ToProto(const TxnRequest& request) {
  etcdserverpb::TxnRequest proto;
  for (const Compare& compare : request.compares) *proto.add_compare() = ToProto(compare);
  for (const Op& op : request.then) std::visit(OpToProto{*proto.add_success()}, op);
  for (const Op& op : request.otherwise) std::visit(OpToProto{*proto.add_failure()}, op);
  return proto;
}

etcdserverpb::WatchRequest ToCreateRequest(const KeyRange& keys, Revision start_revision) {
  etcdserverpb::WatchRequest proto;
  auto& create = *proto.mutable_create_request();
  SetRange(create, keys);
  create.set_start_revision(start_revision);
  create.set_fragment(true);  // else a burst above gRPC's limits cannot be sent at all
  return proto;
}

RangeResponse FromProto(etcdserverpb::RangeResponse&& response) {
  RangeResponse result;
  result.header = FromProto(response.header());
  result.kvs.reserve(static_cast<std::size_t>(response.kvs_size()));
  for (auto& kv : *response.mutable_kvs()) result.kvs.push_back(FromProto(std::move(kv)));
  result.more = response.more();
  result.count = response.count();
  return result;
}

TxnResponse FromProto(etcdserverpb::TxnResponse&& response) {
  TxnResponse result;
  result.header = FromProto(response.header());
  result.succeeded = response.succeeded();
  for (auto& op : *response.mutable_responses()) {
    result.results.push_back(FromProto(std::move(op)));
  }
  return result;
}

WatchMessage FromProto(etcdserverpb::WatchResponse&& response) {
  WatchMessage message;
  message.watch_id = response.watch_id();
  message.created = response.created();
  message.canceled = response.canceled();
  message.fragment = response.fragment();
  message.compact_revision = response.compact_revision();
  message.cancel_reason = std::move(*response.mutable_cancel_reason());
  message.events.reserve(static_cast<std::size_t>(response.events_size()));
  for (auto& event : *response.mutable_events()) {
    message.events.push_back(
        {event.type() == mvccpb::Event::DELETE ? Event::Type::kDelete : Event::Type::kPut,
         FromProto(std::move(*event.mutable_kv()))});
  }
  return message;
}

}  // namespace rollcall::store::etcd
