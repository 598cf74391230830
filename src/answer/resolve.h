// Answers one DNS question from one view of the catalog.
//
// Pure: no I/O, no clock, no locks, no logging.  The same view, question and
// context always give the same answer.  Any number of threads may call Resolve()
// on one View at once, each with its own Answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "catalog/view.h"
#include "wire/encode.h"
#include "wire/query.h"
#include "wire/record.h"

namespace rollcall::answer {

// The zones we are authoritative for, and the numbers that answers take from the
// configuration.  Immutable once made.
class Zones {
 public:
  struct Options {
    std::vector<wire::Name> names;
    std::uint32_t default_ttl = 15;
    std::uint32_t negative_ttl = 5;  // of the SOA, and its minimum
    std::uint32_t min_lease_ttl = 30;
    std::uint32_t max_lease_ttl = 86'400;
  };
  explicit Zones(Options options);

  // The longest zone that `name` is at or below; null: none.
  [[nodiscard]] const wire::Name* Match(wire::NameView name) const;
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  Options options_;
};

// An alias that leaves our zones: whoever has a forwarder asks there for `name`
// and `type` and calls Resolve() again with the result.
struct Outside {
  wire::Name name;
  wire::Type type = wire::Type::kA;
};
struct OutsideResult {
  Outside asked;
  bool replied = false;    // any rcode; false: no reply at all, the alias is left out
  bool truncated = false;  // its TC is passed on for A and AAAA
  std::vector<wire::Record> answer;  // borrows from the forwarder's response
};

struct Context {
  catalog::Standing standing = catalog::Standing::kSynced;
  SteadyTime now;
  // What was found outside so far; null: there is no forwarder, so an outside
  // alias is a bare CNAME.
  const std::vector<OutsideResult>* outside = nullptr;
};

// What to say, not how to spell it; wire::EncodeReply() makes the bytes.
// Borrows from the View and the Question given to Resolve(), which the caller
// keeps alive until the Answer has been encoded.  Reuse one per worker: Clear()
// keeps its memory.
class Answer {
 public:
  Answer();
  void Clear();
  [[nodiscard]] wire::Reply reply() const;

  wire::Rcode rcode = wire::Rcode::kNoError;
  bool authoritative = true;
  bool truncated = false;
  std::vector<wire::Record> answer;
  std::vector<wire::Record> authority;   // SOA, if negative
  std::vector<wire::Record> additional;  // glue: first to be dropped, without TC
  std::optional<wire::ExtendedError> extended_error;
  // Outside names without which this answer is not complete; empty: complete.
  std::vector<Outside> needs;

  // For names and texts made on the way; freed by Clear().
  [[nodiscard]] std::pmr::memory_resource& arena() { return arena_; }

 private:
  std::unique_ptr<std::byte[]> block_;
  std::pmr::monotonic_buffer_resource arena_;
};

// How much work one question may cause, whatever the data: registrations looked
// at plus names looked up.  Past it the answer is SERVFAIL, which keeps targets.
inline constexpr std::size_t kStepBudget = 100'000;

// Requires: `question.name` is at or below `zone`, which is Zones::Match() of it;
// callers answer REFUSED or forward others before they get here.
// Cannot fail: a name that is not there is an Answer (kNxDomain), not an error.
void Resolve(const catalog::View& view, const Zones& zones, const wire::Name& zone,
             const wire::Question& question, const Context& context, Answer& answer);

}  // namespace rollcall::answer
