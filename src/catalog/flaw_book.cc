#include "catalog/flaw_book.h"

#include "base/log.h"

namespace rollcall::catalog {

void FlawBook::Note(std::string_view key, const model::Invalid* invalid) {
  const auto it = flaws_.find(key);
  if (!invalid) {
    if (it == flaws_.end()) return;
    log::Info("record mended", {{"key", key}});
    --counts_[static_cast<std::size_t>(it->second.flaw)];
    flaws_.erase(it);
    return;
  }
  const bool known = it != flaws_.end();
  if (known && it->second.flaw == invalid->flaw && it->second.message == invalid->message) return;
  if (known) --counts_[static_cast<std::size_t>(it->second.flaw)];
  ++counts_[static_cast<std::size_t>(invalid->flaw)];
  flaws_.insert_or_assign(std::string(key), *invalid);
  log::Warn("record cannot be read whole",
            {{"key", key}, {"reason", ToString(invalid->flaw)}, {"why", invalid->message}});
}

void FlawBook::Erase(std::string_view key) {
  const auto it = flaws_.find(key);
  if (it == flaws_.end()) return;
  --counts_[static_cast<std::size_t>(it->second.flaw)];
  flaws_.erase(it);
}

std::vector<std::string> FlawBook::Keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, invalid] : flaws_) keys.push_back(key);
  return keys;
}

}  // namespace rollcall::catalog
