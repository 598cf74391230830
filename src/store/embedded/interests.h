// Who wants to hear of which keys: from a key to the watches that name it, without
// asking all of them.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store.h"

namespace rollcall::store::embedded {

// `Who` is compared and copied only.
template <typename Who>
class Interests {
 public:
  void Add(const KeyRange& range, Who who) {
    if (IsOther(range)) {
      others_.emplace_back(range, std::move(who));
    } else if (range.end.empty()) {
      keys_[range.begin].push_back(std::move(who));
    } else {
      prefixes_[range.begin.size()][range.begin].push_back(std::move(who));
    }
  }

  // All of `who` for this range.
  void Remove(const KeyRange& range, const Who& who) {
    if (IsOther(range)) {
      std::erase(others_, std::pair(range, who));
      return;
    }
    auto& lists = range.end.empty() ? keys_ : prefixes_[range.begin.size()];
    const auto list = lists.find(range.begin);
    if (list == lists.end()) return;  // the same range twice
    auto& all = list->second;
    all.erase(std::remove(all.begin(), all.end(), who), all.end());
    if (list->second.empty()) lists.erase(list);
    if (!range.end.empty() && lists.empty()) prefixes_.erase(range.begin.size());
  }

  // Calls `tell` for each range added that contains `key`.
  template <typename Tell>
  void Match(std::string_view key, Tell tell) const {
    const auto tell_all = [&](const Lists& lists, std::string_view name) {
      const auto list = lists.find(name);
      if (list == lists.end()) return;
      for (const Who& who : list->second) tell(who);
    };
    tell_all(keys_, key);
    for (const auto& [length, lists] : prefixes_) {
      if (length > key.size()) break;
      tell_all(lists, key.substr(0, length));
    }
    for (const auto& [range, who] : others_) {
      if (range.Contains(key)) tell(who);
    }
  }

 private:
  // Looked up by parts of a key, which are no strings.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  // Most keys are watched by one: by the host whose they are.
  using Lists =
      absl::flat_hash_map<std::string, absl::InlinedVector<Who, 1>, Hash, std::equal_to<>>;

  static bool IsOther(const KeyRange& range) {
    return !range.end.empty() && range != KeyRange::Prefix(range.begin);
  }

  Lists keys_;                                    // watches of one key
  absl::btree_map<std::size_t, Lists> prefixes_;  // of all below a prefix, by its length
  std::vector<std::pair<KeyRange, Who>> others_;  // few: of everything, or from here to there
};

}  // namespace rollcall::store::embedded
