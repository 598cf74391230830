#include "store/embedded/check.h"

#include <set>
#include <string_view>

namespace rollcall::store::embedded {
namespace {

Result<void> CheckBranch(const std::vector<Op>& ops) {
  if (ops.size() > kMostOps) return Fail(ErrorCode::kInvalid, "too many operations in txn request");
  std::set<std::string_view> puts;
  for (const Op& op : ops) {
    if (const auto* put = std::get_if<PutOp>(&op)) {
      if (put->key.empty()) return Fail(ErrorCode::kInvalid, "key is not provided");
      if (!puts.insert(put->key).second) {
        return Fail(ErrorCode::kInvalid, "duplicate key given in txn request: " + put->key);
      }
    }
  }
  for (const Op& op : ops) {
    const auto* get = std::get_if<GetOp>(&op);
    if (get && get->keys.begin.empty()) return Fail(ErrorCode::kInvalid, "key is not provided");
    const auto* deletion = std::get_if<DeleteOp>(&op);
    if (!deletion) continue;
    if (deletion->keys.begin.empty()) return Fail(ErrorCode::kInvalid, "key is not provided");
    const auto put = puts.lower_bound(deletion->keys.begin);
    if (put != puts.end() && deletion->keys.Contains(*put)) {
      return Fail(ErrorCode::kInvalid, "duplicate key given in txn request: " + std::string(*put));
    }
  }
  return {};
}

}  // namespace

Result<void> Check(const TxnRequest& request) {
  if (request.compares.size() > kMostOps) {
    return Fail(ErrorCode::kInvalid, "too many operations in txn request");
  }
  for (const Compare& compare : request.compares) {
    if (compare.key.empty()) return Fail(ErrorCode::kInvalid, "key is not provided");
  }
  if (auto checked = CheckBranch(request.then); !checked) return checked;
  return CheckBranch(request.otherwise);
}

}  // namespace rollcall::store::embedded
