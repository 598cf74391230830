// Bytes of a request in, bytes of the reply out: the one answering function that
// UDP and TCP share.
//
// Pure but for its own memory: no I/O, no clock, no locks, no logging.  One
// Responder per worker; different Responders may run on one View at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "answer/ready.h"
#include "answer/resolve.h"
#include "catalog/view.h"
#include "wire/query.h"

namespace rollcall::answer {

struct ResponderOptions {
  std::uint16_t max_udp_size = 1232;  // of our replies, and told in our OPT
  // Told, with the revision of the view, to those who ask (RFC 5001), so that they see
  // which of several servers answered and whether it is behind; empty: never.
  std::string nsid;
  std::size_t ready_octets = 0;  // at most, for replies that are kept (Ready); 0: none is
};

[[nodiscard]] inline ResponderOptions WithReady(ResponderOptions options, std::size_t octets) {
  options.ready_octets = octets;
  return options;
}

// One request and what is known besides the view.  Borrows for the call.
struct Request {
  std::span<const std::uint8_t> message;
  bool tcp = false;
  catalog::Standing standing = catalog::Standing::kSynced;
  SteadyTime now;
  WallTime wall_now{};
  // What was found outside the zones so far: empty at the first call.  Null: this
  // client gets nothing from outside (no forwarder, or not allowed to use it).
  const std::vector<OutsideResult>* outside = nullptr;
  std::uint64_t foreseen = 0;  // what Foresee() said of `message`; 0: nothing
};

enum class Outcome : std::uint8_t {
  kReply,         // `size` octets of `out` are the reply
  kNoReply,       // not a question, or nothing to say to it: stay silent
  kForward,       // a name outside our zones: ask a forwarder for query().question
  kNeedsOutside,  // ask a forwarder for each of needs(), then call Respond() again
};

struct Responded {
  Outcome outcome = Outcome::kNoReply;
  std::size_t size = 0;                       // kReply
  wire::Rcode rcode = wire::Rcode::kNoError;  // kReply: what was said, for the counters
  bool truncated = false;                     // kReply: TC is set
  // What was asked, if it could be read; the name borrows from the request.
  bool asked = false;
  wire::Type type = wire::Type::kA;
  wire::NameView name{};
  // kReply, asked: the name stands for more than one registration, or for a choice of them.
  bool several = false;
  bool ready = false;  // kReply: it was made before
};

class Responder {
 public:
  // Borrows `zones` until destroyed.
  Responder(const Zones& zones, ResponderOptions options);

  // For who has several messages at hand, to wait for memory once for all: Foresee() of each,
  // then Await() of what it said, then Respond(), with that in the request.
  [[nodiscard]] std::uint64_t Foresee(std::span<const std::uint8_t> message) const;
  void Await(std::uint64_t foreseen) const;

  // Answers `request` from `view`.  Requires: out.size() >= wire::kMaxMessageSize
  // for TCP, >= max(512, max_udp_size) for UDP.
  //
  // kForward is for recursion-desired questions of class IN only.  kNeedsOutside
  // never returns a name that `request.outside` has already, and all that it can
  // name at once, so that only a changed view asks a second time; with kMaxOutside
  // results the reply is made from what there is.  The caller keeps the message and
  // may let go of the view in between.
  [[nodiscard]] Responded Respond(const catalog::View& view, const Request& request,
                                  std::span<std::uint8_t> out);

  // Of the last Respond() that did not end with kReply; valid until the next.
  [[nodiscard]] const wire::Query& query() const { return query_; }
  [[nodiscard]] const std::vector<Outside>& needs() const { return answer_.needs; }

  // The reply to query() with this rcode and no records: for a forwarder that got
  // none.  Requires: the last Respond() parsed a request.
  [[nodiscard]] std::size_t ReplyEmpty(wire::Rcode rcode, std::span<std::uint8_t> out) const;

 private:
  void KeepReady(const catalog::View& view, const Request& request, std::uint64_t hash,
                 const Ready::Terms& terms, const Responded& said,
                 std::span<const std::uint8_t> reply);
  [[nodiscard]] Responded Make(const catalog::View& view, const Request& request,
                               std::span<std::uint8_t> out);
  [[nodiscard]] Responded MakeUntold(const catalog::View& view, const Request& request,
                                     std::span<std::uint8_t> out);
  [[nodiscard]] bool StandsForSeveral(const catalog::View& view);
  void NameOurselves(const catalog::View& view);
  [[nodiscard]] std::size_t MaxSize() const;
  [[nodiscard]] std::size_t Encode(wire::Reply reply, std::span<std::uint8_t> out) const;
  [[nodiscard]] Responded Refuse(wire::Rcode rcode, std::span<std::uint8_t> out) const;

  const Zones& zones_;
  ResponderOptions options_;
  std::string nsid_;  // for this reply
  wire::Query query_;
  Answer answer_;
  bool tcp_ = false;
  bool keepable_ = false;  // what Make() made may be kept
  std::size_t serial_at_ = 0;
  std::optional<Ready> ready_;
};

}  // namespace rollcall::answer
