#include "operations.h"

#include <google/protobuf/text_format.h>

#include <algorithm>

namespace rollcall::differential {
namespace {

const std::vector<std::string> kKeys = {
    "a", "a/1", "a/2", "a0", "b", "b/x", std::string("c\0", 2), "\xff", "d"};

// Takes the header out of every message within.
void Normalize(google::protobuf::Message& message) {
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
        Normalize(*reflection->MutableRepeatedMessage(&message, field, i));
      }
    } else {
      Normalize(*reflection->MutableMessage(&message, field));
    }
  }
  if (descriptor->full_name() == "etcdserverpb.ResponseHeader") {
    for (const char* name : {"cluster_id", "member_id", "raft_term"}) {
      reflection->ClearField(&message, descriptor->FindFieldByName(name));
    }
  }
}

}  // namespace

std::string Draw::Key() {
  return OneIn(60) ? "" : kKeys[static_cast<std::size_t>(Below(static_cast<int>(kKeys.size())))];
}

std::string Draw::End(const std::string& key) {
  switch (Below(6)) {
    case 0:
      return std::string(1, '\0');  // from here on
    case 1: {
      std::string end = key;  // all that begins so
      if (!end.empty() && end.back() != '\xff') ++end.back();
      return end;
    }
    case 2:
      return Key();  // perhaps before the key
    default:
      return "";
  }
}

std::int64_t Draw::Revision() {
  switch (Below(12)) {
    case 0:
      return revision_ + 1 + Below(3);
    case 1:
      return -1;
    case 2:
    case 3:
      return std::max<std::int64_t>(1, revision_ - Below(30));
    default:
      return 0;
  }
}

etcdserverpb::RangeRequest Draw::Range() {
  using Request = etcdserverpb::RangeRequest;
  Request request;
  request.set_key(OneIn(6) ? std::string(1, '\0') : Key());
  request.set_range_end(request.key().size() == 1 && request.key()[0] == '\0' ? std::string(1, '\0')
                                                                              : End(request.key()));
  request.set_limit(OneIn(3) ? Below(5) - 1 : 0);
  request.set_revision(Revision());
  request.set_serializable(OneIn(5));
  request.set_keys_only(OneIn(6));
  request.set_count_only(OneIn(8));
  if (OneIn(3)) {
    request.set_sort_target(static_cast<Request::SortTarget>(Below(5)));
    request.set_sort_order(static_cast<Request::SortOrder>(Below(3)));
    // Equal ones come in any order from etcd.
    if (request.sort_target() == Request::VERSION || request.sort_target() == Request::VALUE) {
      request.set_sort_target(Request::MOD);
    }
  }
  const auto bound = [&] { return std::max<std::int64_t>(0, revision_ - Below(20)); };
  if (OneIn(10)) request.set_min_mod_revision(bound());
  if (OneIn(10)) request.set_max_mod_revision(bound());
  if (OneIn(10)) request.set_min_create_revision(bound());
  if (OneIn(10)) request.set_max_create_revision(bound());
  return request;
}

etcdserverpb::PutRequest Draw::Put() {
  etcdserverpb::PutRequest request;
  request.set_key(Key());
  if (!OneIn(8))
    request.set_value(std::string(static_cast<std::size_t>(Below(4)), 'v') +
                      std::to_string(Below(5)));
  if (OneIn(4)) request.set_lease(LeaseId());
  request.set_prev_kv(OneIn(3));
  request.set_ignore_value(OneIn(12));
  request.set_ignore_lease(OneIn(12));
  if (request.ignore_value() && !OneIn(6)) request.clear_value();
  if (request.ignore_lease() && !OneIn(6)) request.clear_lease();
  // Of a lease and a key that are both missing etcd names either, see README.
  if (request.ignore_value()) request.clear_lease();
  return request;
}

etcdserverpb::DeleteRangeRequest Draw::Delete() {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(Key());
  if (OneIn(3)) request.set_range_end(End(request.key()));
  request.set_prev_kv(OneIn(2));
  return request;
}

etcdserverpb::Compare Draw::Compare() {
  using Message = etcdserverpb::Compare;
  Message compare;
  compare.set_key(Key());
  if (OneIn(4)) compare.set_range_end(End(compare.key()));
  compare.set_result(static_cast<Message::CompareResult>(Below(4)));
  compare.set_target(static_cast<Message::CompareTarget>(Below(5)));
  const auto near = [&] { return std::max<std::int64_t>(0, revision_ - Below(10)); };
  switch (compare.target()) {
    case Message::VERSION:
      compare.set_version(Below(3));
      break;
    case Message::CREATE:
      compare.set_create_revision(near());
      break;
    case Message::MOD:
      compare.set_mod_revision(near());
      break;
    case Message::VALUE:
      compare.set_value(std::to_string(Below(5)));
      break;
    default:
      compare.set_lease(OneIn(2) ? 0 : LeaseId());
  }
  return compare;
}

void Draw::Operation(etcdserverpb::RequestOp& op, int depth) {
  switch (Below(depth > 0 ? 8 : 7)) {
    case 0:
    case 1:
      *op.mutable_request_range() = Range();
      break;
    case 2:
    case 3:
    case 4:
      *op.mutable_request_put() = Put();
      break;
    case 5:
    case 6:
      *op.mutable_request_delete_range() = Delete();
      // Beside a put of such a key, which etcd takes and we do not: see README.
      if (op.request_delete_range().range_end() == std::string(1, '\0')) {
        op.mutable_request_delete_range()->clear_range_end();
      }
      break;
    default:
      *op.mutable_request_txn() = Txn(depth - 1);
  }
}

etcdserverpb::TxnRequest Draw::Txn(int depth) {
  etcdserverpb::TxnRequest txn;
  for (int i = Below(3); i > 0; --i) *txn.add_compare() = Compare();
  for (int i = Below(4); i > 0; --i) Operation(*txn.add_success(), depth);
  for (int i = Below(4); i > 0; --i) Operation(*txn.add_failure(), depth);
  if (OneIn(200)) {
    for (int i = 0; i < 129; ++i) *txn.add_success()->mutable_request_range() = Range();
  }
  return txn;
}

etcdserverpb::CompactionRequest Draw::Compaction() {
  etcdserverpb::CompactionRequest request;
  request.set_revision(revision_ + 2 - Below(60));
  return request;
}

std::string Describe(const grpc::Status& status, google::protobuf::Message& answer) {
  if (!status.ok()) {
    return "error " + std::to_string(status.error_code()) + ": " + status.error_message();
  }
  Normalize(answer);
  std::string text;
  google::protobuf::TextFormat::PrintToString(answer, &text);
  return text;
}

}  // namespace rollcall::differential
