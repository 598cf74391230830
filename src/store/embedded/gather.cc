#include "store/embedded/gather.h"

#include <algorithm>
#include <limits>

namespace rollcall::store::embedded {
namespace {

bool IsWithin(Revision revision, Revision least, Revision most) {
  return (least == 0 || revision >= least) && (most == 0 || revision <= most);
}

SortOrder OrderOf(const Get& get) {
  if (get.sort_order == SortOrder::kNone && get.sort_by != SortBy::kKey) {
    return SortOrder::kAscending;
  }
  return get.sort_order;
}

bool HasBounds(const Get& get) {
  return get.min_mod_revision != 0 || get.max_mod_revision != 0 || get.min_create_revision != 0 ||
         get.max_create_revision != 0;
}

// One more than the limit tells that there is more.  In another order than the keys' all
// have to be there first; but where no order is asked for, etcd sorts those only that it
// would have given without.
std::size_t MostOf(const Get& get) {
  const bool in_order = get.sort_by == SortBy::kKey && get.sort_order != SortOrder::kDescending;
  const bool unasked = get.sort_order == SortOrder::kNone && !HasBounds(get);
  if (get.limit <= 0 || !(in_order || unasked)) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(get.limit) + 1;
}

template <typename Of>
void SortRecords(std::vector<Record>& records, SortOrder order, Of of) {
  std::stable_sort(records.begin(), records.end(), [&](const Record& a, const Record& b) {
    return order == SortOrder::kDescending ? of(*b) < of(*a) : of(*a) < of(*b);
  });
}

}  // namespace

Gather::Gather(const Get& get) : get_(get), most_(MostOf(get)), full_(get.count_only) {
}

bool Gather::IsWanted(const RecordBody& record) const {
  return IsWithin(record.mod_revision(), get_.min_mod_revision, get_.max_mod_revision) &&
         IsWithin(record.create_revision(), get_.min_create_revision, get_.max_create_revision);
}

void Gather::Take(Record record) {
  ++found_.count;
  if (full_ || !IsWanted(*record)) return;
  found_.records.push_back(std::move(record));
  full_ = found_.records.size() == most_;
}

void Gather::Sort() {
  const SortOrder order = OrderOf(get_);
  auto& records = found_.records;
  switch (get_.sort_by) {
    case SortBy::kKey:
      return SortRecords(records, order, [](const RecordBody& r) { return r.key(); });
    case SortBy::kVersion:
      return SortRecords(records, order, [](const RecordBody& r) { return r.version(); });
    case SortBy::kCreateRevision:
      return SortRecords(records, order, [](const RecordBody& r) { return r.create_revision(); });
    case SortBy::kModRevision:
      return SortRecords(records, order, [](const RecordBody& r) { return r.mod_revision(); });
    case SortBy::kValue:
      return SortRecords(records, order, [](const RecordBody& r) { return r.value(); });
  }
}

Found Gather::Finish(Revision revision, std::int64_t rest) && {
  if (OrderOf(get_) != SortOrder::kNone) Sort();
  if (get_.limit > 0 && found_.records.size() > static_cast<std::size_t>(get_.limit)) {
    found_.records.resize(static_cast<std::size_t>(get_.limit));
    found_.more = true;
  }
  found_.revision = revision;
  found_.count += rest;
  return std::move(found_);
}

}  // namespace rollcall::store::embedded
