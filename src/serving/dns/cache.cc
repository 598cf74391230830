#include "serving/dns/cache.h"

#include <algorithm>

namespace rollcall::serving::dns {
namespace {

using std::chrono::seconds;

constexpr seconds kNotWorthKeeping{10};
constexpr seconds kMostPositive = std::chrono::hours(24);
constexpr seconds kMostNegative = std::chrono::minutes(5);
// Decoded, a reply takes about this many times its size on the wire, and some.
constexpr std::size_t kGrowth = 4;
constexpr std::size_t kEntryOverhead = 512;

// RFC 2181 section 8: a TTL with its highest bit set counts as zero.
seconds Ttl(std::uint32_t ttl) {
  return seconds(ttl > 0x7FFF'FFFF ? 0 : ttl);
}

seconds LowestTtl(const std::vector<wire::Record>& records, seconds most) {
  for (const wire::Record& record : records) most = std::min(most, Ttl(record.ttl));
  return most;
}

seconds NegativeTime(const wire::Response& reply) {
  for (const wire::Record& record : reply.authority) {
    const auto* soa = std::get_if<wire::Soa>(&record.rdata);
    if (soa == nullptr) continue;
    const seconds time = std::min({Ttl(record.ttl), Ttl(soa->minimum), kMostNegative});
    return LowestTtl(reply.answer, time);  // the aliases that led there
  }
  return seconds(0);
}

bool AnswersQuestion(const wire::Response& reply) {
  if (reply.questions.empty()) return false;
  const wire::Type type = reply.questions.front().type;
  return std::any_of(reply.answer.begin(), reply.answer.end(), [type](const wire::Record& record) {
    return record.type == type || type == wire::Type::kAny;
  });
}

}  // namespace

std::string OutsideQuestion::Key() const {
  wire::Name folded = name;
  folded.ToLower();
  std::string key(folded.view().wire());
  const auto number = static_cast<std::uint16_t>(type);
  key += static_cast<char>(number >> 8);
  key += static_cast<char>(number & 0xFF);
  key += static_cast<char>((dnssec_ok ? 1 : 0) | (checking_disabled ? 2 : 0));
  return key;
}

seconds CacheTime(const wire::Response& reply) {
  if (reply.truncated) return seconds(0);
  if (reply.rcode == wire::Rcode::kNxDomain) return NegativeTime(reply);
  if (reply.rcode != wire::Rcode::kNoError) return seconds(0);
  if (!AnswersQuestion(reply)) return NegativeTime(reply);
  return LowestTtl(reply.answer, kMostPositive);
}

std::vector<wire::Record> Aged(const std::vector<wire::Record>& records, seconds age) {
  std::vector<wire::Record> aged = records;
  for (wire::Record& record : aged) {
    record.ttl = static_cast<std::uint32_t>(std::max(seconds(0), Ttl(record.ttl) - age).count());
  }
  return aged;
}

OutsideReplyPtr Cache::Find(const std::string& key, SteadyTime now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  const Order::iterator entry = found->second;
  if (entry->expires <= now) {
    Erase(entry);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, entry);
  return entry->reply;
}

void Cache::Put(const std::string& key, OutsideReplyPtr reply) {
  if (const auto found = index_.find(key); found != index_.end()) Erase(found->second);
  const seconds time = CacheTime(reply->message);
  const std::size_t octets = kEntryOverhead + key.size() + kGrowth * reply->octets;
  if (time <= kNotWorthKeeping || max_entries_ == 0 || octets > max_octets_) return;
  while (index_.size() >= max_entries_ || octets_ + octets > max_octets_) {
    Erase(std::prev(order_.end()));
  }
  const SteadyTime expires = reply->received + time;
  order_.push_front({key, std::move(reply), expires, octets});
  index_.emplace(key, order_.begin());
  octets_ += octets;
}

void Cache::Erase(Order::iterator entry) {
  octets_ -= entry->octets;
  index_.erase(entry->key);
  order_.erase(entry);
}

}  // namespace rollcall::serving::dns
