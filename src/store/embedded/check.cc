#include "store/embedded/check.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace rollcall::store::embedded {
namespace {

constexpr std::string_view kNoKey = "key is not provided";

tl::unexpected<Error> Invalid(std::string_view text) {
  return Fail(ErrorCode::kInvalid, std::string(text));
}

Result<void> CheckCounts(const Txn& txn, std::size_t budget);

Result<void> CheckOne(const Get& get, std::size_t) {
  return get.keys.begin.empty() ? Invalid(kNoKey) : Result<void>{};
}
Result<void> CheckOne(const Put& put, std::size_t) {
  if (put.key.empty()) return Invalid(kNoKey);
  if (put.keep_value && !put.value.empty()) return Invalid("value is provided");
  if (put.keep_lease && put.lease != 0) return Invalid("lease is provided");
  return {};
}
Result<void> CheckOne(const Delete& deletion, std::size_t) {
  return deletion.keys.begin.empty() ? Invalid(kNoKey) : Result<void>{};
}
Result<void> CheckOne(const Nested& nested, std::size_t budget) {
  return CheckCounts(*nested, budget);
}

Result<void> CheckCounts(const Txn& txn, std::size_t budget) {
  const std::size_t most = std::max({txn.conditions.size(), txn.then.size(), txn.otherwise.size()});
  if (most > budget) return Invalid("too many operations in txn request");
  for (const Condition& condition : txn.conditions) {
    if (condition.keys.begin.empty()) return Invalid(kNoKey);
  }
  for (const auto* branch : {&txn.then, &txn.otherwise}) {
    for (const Operation& operation : *branch) {
      auto ok = std::visit([&](const auto& op) { return CheckOne(op, budget - most); }, operation);
      if (!ok) return ok;
    }
  }
  return {};
}

// Which keys a branch, with all that may come of what is nested in it, puts and deletes.
struct Touched {
  std::set<std::string_view> puts;
  std::vector<const KeyRange*> deletions;

  [[nodiscard]] bool Deletes(std::string_view key) const {
    return std::any_of(deletions.begin(), deletions.end(),
                       [key](const KeyRange* range) { return range->Contains(key); });
  }
};

tl::unexpected<Error> Twice() {
  return Invalid("duplicate key given in txn request");
}

Result<Touched> Touch(const std::vector<Operation>& branch);

// Both branches of a nested transaction: they may put the same key, as only one is
// taken; but neither may put what the outer one puts or deletes.
Result<void> TouchNested(const Txn& nested, Touched& touched) {
  auto then = Touch(nested.then);
  if (!then) return Fail(std::move(then.error()));
  auto otherwise = Touch(nested.otherwise);
  if (!otherwise) return Fail(std::move(otherwise.error()));
  for (const std::string_view key : then->puts) {
    if (touched.Deletes(key) || !touched.puts.insert(key).second) return Twice();
  }
  for (const std::string_view key : otherwise->puts) {
    if (touched.Deletes(key)) return Twice();
    if (!touched.puts.insert(key).second && !then->puts.contains(key)) return Twice();
  }
  for (const auto* inner : {&*then, &*otherwise}) {
    touched.deletions.insert(touched.deletions.end(), inner->deletions.begin(),
                             inner->deletions.end());
  }
  return {};
}

Result<Touched> Touch(const std::vector<Operation>& branch) {
  Touched touched;
  for (const Operation& operation : branch) {
    if (const auto* deletion = std::get_if<Delete>(&operation)) {
      touched.deletions.push_back(&deletion->keys);
    }
  }
  for (const Operation& operation : branch) {
    const auto* nested = std::get_if<Nested>(&operation);
    if (!nested) continue;
    if (auto ok = TouchNested(**nested, touched); !ok) return Fail(std::move(ok.error()));
  }
  for (const Operation& operation : branch) {
    const auto* put = std::get_if<Put>(&operation);
    if (put && (touched.Deletes(put->key) || !touched.puts.insert(put->key).second)) {
      return Twice();
    }
  }
  return touched;
}

}  // namespace

Result<void> Check(const Txn& txn) {
  if (auto ok = CheckCounts(txn, kMostOps); !ok) return ok;
  for (const auto* branch : {&txn.then, &txn.otherwise}) {
    if (auto touched = Touch(*branch); !touched) return Fail(std::move(touched.error()));
  }
  return {};
}

}  // namespace rollcall::store::embedded
