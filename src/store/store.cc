#include "store/store.h"

namespace rollcall::store {

namespace {
// As an end: no end.  One zero octet, so not a C string.
const std::string kFromKey(1, '\0');
}  // namespace

KeyRange KeyRange::Prefix(std::string prefix) {
  // No key is empty, so "all keys" begin at the least possible one.
  if (prefix.empty()) return {kFromKey, kFromKey};
  std::string end = prefix;
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (end.empty()) return {std::move(prefix), kFromKey};
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return {std::move(prefix), std::move(end)};
}

bool KeyRange::Contains(std::string_view key) const {
  if (end.empty()) return key == begin;
  return key >= begin && (end == kFromKey || key < end);
}

Compare Compare::Missing(std::string key) {
  return {std::move(key), Target::kVersion, Relation::kEqual, 0, {}};
}

Compare Compare::Exists(std::string key) {
  return {std::move(key), Target::kVersion, Relation::kGreater, 0, {}};
}

Compare Compare::Unchanged(const KeyValue& kv) {
  return {kv.key, Target::kModRevision, Relation::kEqual, kv.mod_revision, {}};
}

}  // namespace rollcall::store
