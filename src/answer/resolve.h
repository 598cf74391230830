// Answers one DNS question from one view of the catalog.
//
// Pure: no I/O, no clock, no locks, no logging.  The same view, question and
// context always give the same answer.  Any number of threads may call Resolve()
// on one View at once, each with its own Answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "answer/basis.h"
#include "answer/zones.h"
#include "base/clock.h"
#include "catalog/view.h"
#include "wire/encode.h"
#include "wire/query.h"
#include "wire/record.h"

namespace rollcall::answer {

// An alias that leaves our zones: whoever has a forwarder asks there for `name`
// and `type` and calls Resolve() again with the result.
struct Outside {
  wire::Name name;
  wire::Type type = wire::Type::kA;
};
struct OutsideResult {
  Outside asked;
  bool truncated = false;            // its TC is passed on for A and AAAA
  std::vector<wire::Record> answer;  // borrows from the forwarder's response; none: nothing found
};

struct Context {
  catalog::Standing standing = catalog::Standing::kSynced;
  SteadyTime now;
  WallTime wall_now{};  // by which maintenance has an end
  // What was found outside so far; null: there is no forwarder, so an outside
  // alias is a bare CNAME.
  const std::vector<OutsideResult>* outside = nullptr;
  // Octets the reply may take.  More records than could ever fit are not made:
  // the answer is then empty and `truncated`.
  std::size_t max_size = wire::kMaxMessageSize;
};

struct Workspace;

// What to say, not how to spell it; wire::EncodeReply() makes the bytes.
// Borrows from the View, Zones, Question and Context given to Resolve(), which
// the caller keeps until the Answer has been encoded.  Reuse one per worker:
// Resolve() starts by clearing it and keeps its memory.
class Answer {
 public:
  Answer();
  ~Answer();
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

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
  // The work it took: registrations looked at plus names looked up.
  std::size_t steps = 0;
  Basis basis;
  // The question's name in the tree; nothing: it was not looked up.
  std::optional<const catalog::Node*> asked;

  [[nodiscard]] Workspace& workspace() { return *workspace_; }  // for Resolve() alone

 private:
  std::unique_ptr<Workspace> workspace_;
};

// How much work one question may cause, whatever the data.  Past it the answer is
// TC without records, or SERVFAIL if it was an alias that led there; both keep
// targets.  About a millisecond.
inline constexpr std::size_t kMaxRegistrations = 20'000;
// The same where a selector leaves out most of them: a shard of a large name is found by
// looking at all of it.
inline constexpr std::size_t kMaxSelected = 200'000;
inline constexpr std::size_t kMaxLookups = 1'000;
// Outside names asked for on behalf of one question.
inline constexpr std::size_t kMaxOutside = 16;
// CNAMEs in a row.
inline constexpr std::size_t kMaxChain = 11;

// Requires: `question.name` is at or below `zone`, which is Zones::Match() of it;
// callers answer REFUSED or forward others before they get here.
// Cannot fail: a name that is not there is an Answer (kNxDomain), not an error.
void Resolve(const catalog::View& view, const Zones& zones, const Zone& zone,
             const wire::Question& question, const Context& context, Answer& answer);

}  // namespace rollcall::answer
