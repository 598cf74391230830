#include "store/embedded/index.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace rollcall::store::embedded {
namespace {

// The first version after `revision`.
auto After(const std::vector<Record>& versions, Revision revision) {
  return std::partition_point(versions.begin(), versions.end(), [revision](const Record& record) {
    return record->mod_revision() <= revision;
  });
}

const RecordBody* Alive(const Record& record) {
  return record->is_tombstone() ? nullptr : record.get();
}

// For sorting a million keys without looking at each of them twenty times: the octets
// behind what all keys have in common decide nearly always.
struct SortKey {
  std::uint64_t octets = 0;
  Record record;
};

std::uint64_t OctetsAt(std::string_view key, std::size_t at) {
  std::uint64_t octets = 0;
  for (std::size_t i = at; i < at + 8; ++i) {
    octets = octets << 8 | (i < key.size() ? static_cast<unsigned char>(key[i]) : 0);
  }
  return octets;
}

std::size_t CommonPrefix(const std::vector<Record>& records) {
  if (records.empty()) return 0;
  const std::string_view first = records.front()->key();
  std::size_t common = first.size();
  for (const Record& record : records) {
    const std::string_view key = record->key().substr(0, common);
    common = static_cast<std::size_t>(std::mismatch(key.begin(), key.end(), first.begin()).first -
                                      key.begin());
  }
  return common;
}

}  // namespace

const Record& Versions::newest() const {
  const auto* one = std::get_if<Record>(&kept_);
  return one ? *one : std::get<Several>(kept_)->back();
}

const RecordBody* Versions::At(Revision revision) const {
  if (const auto* one = std::get_if<Record>(&kept_)) {
    return (*one)->mod_revision() <= revision ? Alive(*one) : nullptr;
  }
  const std::vector<Record>& several = *std::get<Several>(kept_);
  if (several.back()->mod_revision() <= revision) return Alive(several.back());
  const auto after = After(several, revision);
  return after == several.begin() ? nullptr : Alive(*std::prev(after));
}

void Versions::Add(Record record) {
  if (auto* several = std::get_if<Several>(&kept_)) {
    (*several)->push_back(std::move(record));
    return;
  }
  auto both = std::make_unique<std::vector<Record>>();
  both->reserve(2);
  both->push_back(std::move(std::get<Record>(kept_)));
  both->push_back(std::move(record));
  kept_ = std::move(both);
}

bool Versions::RemoveNewest() {
  auto* several = std::get_if<Several>(&kept_);
  if (!several) return false;
  (*several)->pop_back();
  if ((*several)->size() == 1) kept_ = Record((*several)->front());
  return true;
}

bool Versions::Compact(Revision revision, std::vector<Record>& dropped) {
  auto* several = std::get_if<Several>(&kept_);
  if (!several) {
    const Record& one = std::get<Record>(kept_);
    return !(one->is_tombstone() && one->mod_revision() <= revision);
  }
  std::vector<Record>& all = **several;
  auto first = After(all, revision);
  // The one that was current stays; a deletion that was, is as good as nothing.
  if (first != all.begin() && !(*std::prev(first))->is_tombstone()) --first;
  const bool all_go = first == all.end();
  if (all_go) --first;
  dropped.insert(dropped.end(), std::make_move_iterator(all.begin()),
                 std::make_move_iterator(all.begin() + (first - all.cbegin())));
  all.erase(all.cbegin(), first);
  if (all.size() == 1) kept_ = Record(all.front());
  return !all_go;
}

Record Index::Find(std::string_view key, Revision revision) const {
  const auto it = keys_.find(key);
  return it == keys_.end() ? Record() : Record(it->versions.At(revision));
}

Index::Place Index::PlaceOf(std::string_view key) const {
  const auto behind = keys_.lower_bound(key);
  return {behind, behind != keys_.end() && behind->versions.key() == key};
}

Record Index::NewestAt(const Place& place) const {
  return place.found_ ? Record(Alive(place.behind_->versions.newest())) : Record();
}

void Index::Add(const Place& place, Record record) {
  if (place.found_) {
    place.behind_->versions.Add(std::move(record));
  } else {
    keys_.insert(place.behind_, Slot{Versions(std::move(record))});
  }
}

void Index::RemoveNewest(std::string_view key) {
  const auto it = keys_.find(key);
  if (!it->versions.RemoveNewest()) keys_.erase(it);
}

void Index::Compact(std::string_view key, Revision revision, std::vector<Record>& dropped) {
  const auto it = keys_.find(key);
  if (it == keys_.end() || it->versions.Compact(revision, dropped)) return;
  dropped.push_back(it->versions.newest());
  keys_.erase(it);
}

void Index::CompactAll(Revision revision, std::vector<Record>& dropped) {
  for (auto it = keys_.begin(); it != keys_.end();) {
    if (it->versions.Compact(revision, dropped)) {
      ++it;
    } else {
      dropped.push_back(it->versions.newest());
      it = keys_.erase(it);
    }
  }
}

void Index::Load(std::vector<Record> records) {
  const std::size_t common = CommonPrefix(records);
  std::vector<SortKey> sorted;
  sorted.reserve(records.size());
  for (Record& record : records) {
    const std::uint64_t octets = OctetsAt(record->key(), common);
    sorted.push_back({octets, std::move(record)});
  }
  records = {};
  const auto before = [](const SortKey& a, const SortKey& b) {
    if (a.octets != b.octets) return a.octets < b.octets;
    return a.record->key() < b.record->key();
  };
  // Stable: the versions of a key stay in the order of revisions.
  if (!std::is_sorted(sorted.begin(), sorted.end(), before)) {
    std::stable_sort(sorted.begin(), sorted.end(), before);
  }
  for (SortKey& next : sorted) {
    const auto last = keys_.empty() ? keys_.end() : std::prev(keys_.end());
    if (last != keys_.end() && last->versions.key() == next.record->key()) {
      last->versions.Add(std::move(next.record));
    } else {
      keys_.insert(keys_.end(), Slot{Versions(std::move(next.record))});
    }
  }
}

}  // namespace rollcall::store::embedded
