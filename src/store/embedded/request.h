// What the store in this process can be asked: the store contract's requests, and
// those of etcd's API that the contract does without.
//
// What is not said here is as in etcd's API documentation; each rule was observed on
// etcd 3.4.23.  Messages of errors are etcd's own texts, without its "etcdserver: ",
// since clients tell errors apart by them.
//
// Threads: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "store/embedded/record.h"
#include "store/store.h"

namespace rollcall::store::embedded {

enum class SortBy { kKey, kVersion, kCreateRevision, kModRevision, kValue };
enum class SortOrder { kNone, kAscending, kDescending };

struct Get {
  KeyRange keys;          // keys.begin empty: refused
  Revision revision = 0;  // 0 or less: the latest
  std::int64_t limit = 0;
  bool count_only = false;
  // 0: no bound.
  Revision min_mod_revision = 0;
  Revision max_mod_revision = 0;
  Revision min_create_revision = 0;
  Revision max_create_revision = 0;
  SortBy sort_by = SortBy::kKey;
  SortOrder sort_order = SortOrder::kNone;  // by anything but the key: ascending
};

struct Put {
  std::string key;
  std::string value;
  LeaseId lease = 0;
  bool want_previous = false;
  bool keep_value = false;  // the value stays (etcd: ignore_value)
  bool keep_lease = false;
};

struct Delete {
  KeyRange keys;
  bool want_previous = false;
};

struct Txn;
// Indirect: a transaction may hold others.  Never null.
using Nested = std::shared_ptr<const Txn>;
using Operation = std::variant<Get, Put, Delete, Nested>;

// Of every key in the range; with `keys.end` empty, of the one key, which compares as
// 0 if it is missing (as false, for kValue).  A range without keys holds as that does.
struct Condition {
  KeyRange keys;
  Compare::Target target = Compare::Target::kVersion;
  Compare::Relation relation = Compare::Relation::kEqual;
  std::int64_t number = 0;
  std::string value;
};

struct Txn {
  std::vector<Condition> conditions;
  std::vector<Operation> then;
  std::vector<Operation> otherwise;
};

// --- what comes back; records are shared, not copied

struct Found {
  Revision revision = 0;  // of the store, when it was read
  std::vector<Record> records;
  bool more = false;       // cut by `limit`
  std::int64_t count = 0;  // in the whole range, whatever limit and bounds
};

struct PutDone {
  Revision revision = 0;
  Record previous;  // null: there was none, or it was not wanted
};

struct Deleted {
  Revision revision = 0;
  std::int64_t count = 0;
  std::vector<Record> previous;  // if wanted
};

struct TxnDone;
using Outcome = std::variant<Found, PutDone, Deleted, std::shared_ptr<const TxnDone>>;

struct TxnDone {
  Revision revision = 0;  // of the store after it
  bool succeeded = false;
  std::vector<Outcome> outcomes;  // one for each operation of the branch taken
};

struct LeaseInfo {
  std::chrono::seconds granted{};
  std::chrono::seconds left{};
  std::vector<std::string> keys;  // in byte order
};

}  // namespace rollcall::store::embedded
