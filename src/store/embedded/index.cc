#include "store/embedded/index.h"

#include <algorithm>

namespace rollcall::store::embedded {
namespace {

// The first version after `revision`.
auto After(const std::vector<Record>& versions, Revision revision) {
  return std::partition_point(versions.begin(), versions.end(), [revision](const Record& record) {
    return record->mod_revision <= revision;
  });
}

// The version current at `revision`; null: not there.
Record At(const std::vector<Record>& versions, Revision revision) {
  const auto after = After(versions, revision);
  if (after == versions.begin()) return nullptr;
  const Record& current = *std::prev(after);
  return IsTombstone(*current) ? nullptr : current;
}

}  // namespace

Record Index::Find(std::string_view key, Revision revision) const {
  const auto it = keys_.find(key);
  return it == keys_.end() ? nullptr : At(it->second, revision);
}

void Index::Visit(const KeyRange& range, Revision revision,
                  const std::function<void(const Record&)>& visit) const {
  for (auto it = keys_.lower_bound(range.begin); it != keys_.end() && range.Contains(it->first);
       ++it) {
    if (const Record record = At(it->second, revision)) visit(record);
  }
}

void Index::Add(Record record) {
  Versions& versions = keys_[record->key];
  versions.push_back(std::move(record));
}

void Index::Compact(std::string_view key, Revision revision) {
  const auto it = keys_.find(key);
  if (it == keys_.end()) return;
  Versions& versions = it->second;
  auto first = After(versions, revision);
  // The one that was current stays; a deletion that was, is as good as nothing.
  if (first != versions.begin() && !IsTombstone(**std::prev(first))) --first;
  versions.erase(versions.cbegin(), first);
  if (versions.empty()) keys_.erase(it);
}

}  // namespace rollcall::store::embedded
