#include "store/copy.h"

#include <set>
#include <utility>
#include <vector>

#include "store/lease_bearer.h"
#include "store/pages.h"

namespace rollcall::store {
namespace {

// One transaction: far below the 128 operations and 1.5 MiB that etcd takes.
constexpr std::size_t kMostOps = 100;
constexpr std::size_t kMostBytes = 512 << 10;
// While writers go on at the source each pass finds less to do.
constexpr int kMostPasses = 6;
constexpr std::int64_t kLookEvery = 256;  // keys

Error Of(const char* whose, const Error& error) {
  return {error.code, std::string(whose) + ": " + error.message};
}

class Copier {
 public:
  Copier(Store& from, Store& to, const CopyOptions& options)
      : from_(from), to_(to), options_(options), leases_(from, to, options.call_timeout) {}

  Result<CopyReport> Run() {
    if (auto ok = LeaveMark(); !ok) return Fail(std::move(ok.error()));
    if (auto ok = ReadLeftOut(); !ok) return Fail(std::move(ok.error()));
    // A pass that finds nothing to do has seen each key at both ends: it is the proof.
    for (int pass = 0; pass < kMostPasses; ++pass) {
      const auto clean = Pass();
      if (!clean) return Fail(clean.error());
      if (*clean) return Finish();
    }
    return Fail(ErrorCode::kUnavailable,
                "the source goes on being written to: stop its writers, and run this again");
  }

 private:
  Result<void> LeaveMark();
  Result<void> ReadLeftOut();
  // Reads everything once and mends what differs.  True: nothing did, nor has the source
  // moved meanwhile.
  Result<bool> Pass();
  Result<void> Merge(Pages& source, Pages& destination);
  Result<void> Bring(const KeyValue& source, const KeyValue* there);
  Result<void> TakeAway(const KeyValue& there);
  Result<void> Look();
  Result<void> Queue(Op op, std::size_t bytes);
  Result<void> Flush();
  Result<CopyReport> Finish();

  [[nodiscard]] store::Deadline Deadline() const { return After(options_.call_timeout); }
  [[nodiscard]] bool IsLeftOut(const std::string& key) const {
    return key == options_.mark_key || left_out_.contains(key) ||
           (!options_.left_out_prefix.empty() && key.starts_with(options_.left_out_prefix));
  }
  // By this copy, now or before it was interrupted.
  [[nodiscard]] bool IsBrought(Revision revision) const { return revision > begun_; }

  Store& from_;
  Store& to_;
  const CopyOptions& options_;
  LeaseBearer leases_;
  CopyReport report_;
  std::set<std::string> left_out_;
  Revision begun_ = 0;  // of the destination, when the mark was left
  bool differed_ = false;
  std::int64_t done_ = 0;
  std::int64_t all_ = 0;
  std::vector<Op> ops_;
  std::size_t bytes_ = 0;
};

Result<void> Copier::LeaveMark() {
  const auto source = from_.Range({.keys = KeyRange::All(), .limit = 1}, Deadline());
  if (!source) return Fail(Of("the source", source.error()));
  const auto there = to_.Range({.keys = KeyRange::Single(options_.mark_key)}, Deadline());
  if (!there) return Fail(Of("the destination", there.error()));
  if (source->header.cluster_id == there->header.cluster_id) {
    return Fail(ErrorCode::kInvalid, "source and destination are the same store");
  }
  const std::string mark = R"({"from":")" + std::to_string(source->header.cluster_id) + R"("})";
  if (!there->kvs.empty()) {
    begun_ = there->kvs.front().create_revision;
    if (there->kvs.front().value == mark) return {};
    return Fail(ErrorCode::kConflict,
                "another store's copy to there was interrupted: run that one again, or delete " +
                    options_.mark_key);
  }
  const auto left = to_.Txn(
      {{Compare::Missing(options_.mark_key)}, {PutOp{options_.mark_key, mark, 0}}, {}}, Deadline());
  if (!left) return Fail(Of("the destination", left.error()));
  if (!left->succeeded) return Fail(ErrorCode::kConflict, "another copy to there has just begun");
  begun_ = left->header.revision;
  return {};
}

Result<void> Copier::ReadLeftOut() {
  if (options_.left_out_prefix.empty()) return {};
  Pages pages(from_, KeyRange::Prefix(options_.left_out_prefix), options_.page_size,
              options_.call_timeout);
  for (;;) {
    const auto kv = pages.Next();
    if (!kv) return Fail(Of("the source", kv.error()));
    if (*kv == nullptr) return {};
    left_out_.insert("/" + (*kv)->key.substr(options_.left_out_prefix.size()));
  }
}

Result<bool> Copier::Pass() {
  Pages source(from_, KeyRange::All(), options_.page_size, options_.call_timeout);
  Pages destination(to_, KeyRange::All(), options_.page_size, options_.call_timeout);
  report_.keys = report_.left_out = report_.others = done_ = 0;
  differed_ = false;
  const auto merged = Merge(source, destination);
  // History went while it was read: the next pass finds what is left.
  if (!merged && merged.error().code == ErrorCode::kCompacted) return false;
  if (!merged) return Fail(merged.error());
  report_.revision = source.revision();
  const auto now = from_.Range({.keys = KeyRange::All(), .limit = 1}, Deadline());
  if (!now) return Fail(Of("the source", now.error()));
  return !differed_ && now->header.revision == source.revision();
}

Result<void> Copier::Merge(Pages& source, Pages& destination) {
  auto left = source.Next();
  auto right = destination.Next();
  all_ = source.count();
  while (left && right && (*left != nullptr || *right != nullptr)) {
    const int order = *left == nullptr    ? 1
                      : *right == nullptr ? -1
                                          : (*left)->key.compare((*right)->key);
    auto ok = order > 0 ? TakeAway(**right) : Bring(**left, order == 0 ? *right : nullptr);
    if (ok) ok = Look();
    if (!ok) return ok;
    if (order <= 0) left = source.Next();
    if (order >= 0) right = destination.Next();
  }
  if (!left) return Fail(Of("the source", left.error()));
  if (!right) return Fail(Of("the destination", right.error()));
  return Flush();
}

Result<void> Copier::Bring(const KeyValue& source, const KeyValue* there) {
  ++done_;
  if (IsLeftOut(source.key)) {
    ++report_.left_out;
    return {};
  }
  ++report_.keys;
  const bool same =
      there != nullptr && there->value == source.value && there->lease == source.lease;
  if (there != nullptr && !same && !options_.overwrite && !IsBrought(there->mod_revision)) {
    return Fail(ErrorCode::kConflict,
                "the destination holds another value of " + source.key +
                    "; copy into an empty store, or say that it is to be overwritten");
  }
  if (source.lease != 0) {
    const auto carried = leases_.Carry(source.lease);
    if (!carried) return Fail(carried.error());
    if (!*carried) {  // it has just ended, and its keys with it
      differed_ = true;
      return {};
    }
  }
  if (same) return {};
  ++report_.written;
  return Queue(PutOp{source.key, source.value, source.lease},
               source.key.size() + source.value.size());
}

Result<void> Copier::TakeAway(const KeyValue& there) {
  if (there.key == options_.mark_key) return {};
  if (!IsBrought(there.create_revision)) {
    ++report_.others;
    return {};
  }
  ++report_.removed;
  return Queue(DeleteOp{KeyRange::Single(there.key)}, there.key.size());
}

Result<void> Copier::Look() {
  if (done_ % kLookEvery != 0 && done_ != all_) return {};
  if (options_.progress) options_.progress(done_, all_);
  if (options_.is_cancelled && options_.is_cancelled()) {
    return Fail(ErrorCode::kCancelled, "interrupted; run it again to go on");
  }
  return leases_.RenewIfDue();
}

Result<void> Copier::Queue(Op op, std::size_t bytes) {
  differed_ = true;
  if (ops_.size() == kMostOps || bytes_ + bytes > kMostBytes) {
    if (auto ok = Flush(); !ok) return ok;
  }
  ops_.push_back(std::move(op));
  bytes_ += bytes;
  return {};
}

Result<void> Copier::Flush() {
  bytes_ = 0;
  if (ops_.empty()) return {};
  const auto done = to_.Txn({{}, std::exchange(ops_, {}), {}}, Deadline());
  if (!done) return Fail(Of("the destination", done.error()));
  return {};
}

Result<CopyReport> Copier::Finish() {
  if (auto ok = leases_.RenewAll(); !ok) return Fail(Of("the destination", ok.error()));
  const auto done = to_.Txn({{}, {DeleteOp{KeyRange::Single(options_.mark_key)}}, {}}, Deadline());
  if (!done) return Fail(Of("the destination", done.error()));
  report_.leases = leases_.size();
  return report_;
}

}  // namespace

Result<CopyReport> Copy(Store& from, Store& to, const CopyOptions& options) {
  return Copier(from, to, options).Run();
}

}  // namespace rollcall::store
