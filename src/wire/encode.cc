#include "wire/encode.h"

#include <algorithm>

#include "wire/header.h"
#include "wire/writer.h"

namespace rollcall::wire {
namespace {

constexpr std::size_t kFlagsAt = 2;
constexpr std::size_t kAnswerCountAt = 6;
constexpr std::size_t kAuthorityCountAt = 8;
constexpr std::size_t kAdditionalCountAt = 10;

constexpr std::size_t kOptSize = 11;  // without options
constexpr std::size_t kOptionHeader = 4;
constexpr std::size_t kMinRecordSize = 12;  // a pointer and the fixed part

// What the OPT of this reply holds; nothing without one in the query.
struct OptPlan {
  bool present = false;
  bool error = false;
  bool nsid = false;
  std::size_t size = 0;
};

OptPlan PlanOpt(const Query& query, const Reply& reply, std::size_t room) {
  OptPlan plan;
  if (!query.edns.present) return plan;
  plan.present = true;
  plan.size = kOptSize;
  plan.error = reply.extended_error.has_value();
  if (plan.error) plan.size += kOptionHeader + 2;
  const std::size_t nsid = kOptionHeader + reply.nsid.size();
  plan.nsid = query.edns.wants_nsid && !reply.nsid.empty() && plan.size + nsid <= room;
  if (plan.nsid) plan.size += nsid;
  return plan;
}

// An rcode above 15 needs an OPT for its high bits (RFC 6891 section 6.1.3).
Rcode Expressible(Rcode rcode, const OptPlan& opt) {
  return static_cast<unsigned>(rcode) > 15 && !opt.present ? Rcode::kServFail : rcode;
}

void PutOpt(const Query& query, const Reply& reply, const Limits& limits, const OptPlan& plan,
            Writer& to) {
  to.U8(0);  // owner: the root
  to.U16(static_cast<std::uint16_t>(Type::kOpt));
  to.U16(limits.our_udp_size);
  to.U8(static_cast<std::uint8_t>(static_cast<unsigned>(reply.rcode) >> 4));
  to.U8(0);  // version
  to.U16(query.edns.dnssec_ok ? kDnssecOk : 0);
  to.U16(static_cast<std::uint16_t>(plan.size - kOptSize));
  if (plan.error) {
    to.U16(kOptionExtendedError);
    to.U16(2);
    to.U16(reply.extended_error->info_code);
  }
  if (plan.nsid) {
    to.U16(kOptionNsid);
    to.U16(static_cast<std::uint16_t>(reply.nsid.size()));
    to.Octets(reply.nsid);
  }
}

std::uint16_t HeaderFlags(const Query& query, const Reply& reply, Rcode rcode) {
  unsigned flags = kResponse | static_cast<unsigned>(query.opcode) << 11;
  if (reply.authoritative) flags |= kAuthoritative;
  if (reply.truncated) flags |= kTruncated;
  if (query.recursion_desired) flags |= kRecursionDesired;
  if (reply.recursion_available) flags |= kRecursionAvailable;
  if (query.checking_disabled) flags |= kCheckingDisabled;
  return static_cast<std::uint16_t>(flags | (static_cast<unsigned>(rcode) & 0xf));
}

void PutQuestion(const Query& query, Writer& to) {
  if (!query.has_question) return;
  to.CompressedName(query.question.name);  // the first name: in full
  to.U16(static_cast<std::uint16_t>(query.question.type));
  to.U16(static_cast<std::uint16_t>(query.question.qclass));
}

constexpr std::size_t kSoaNumbers = 5 * 4;  // at the end of its rdata, the serial first

// The whole records at the front of `records` that fit.
std::size_t PutRecords(std::span<const Record> records, Writer& to) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Writer::Mark before = to.mark();
    to.PutRecord(records[i]);
    if (to.overflow()) {
      to.Undo(before);
      return i;
    }
  }
  return records.size();
}

// How many records at the front of `records` are one RRset.
std::size_t RrsetSize(std::span<const Record> records) {
  std::size_t size = 1;
  while (size < records.size() && records[size].type == records[0].type &&
         records[size].owner == records[0].owner) {
    ++size;
  }
  return size;
}

// Every RRset that fits as a whole; returns the number of records.
std::size_t PutRrsets(std::span<const Record> records, Writer& to) {
  std::size_t put = 0;
  while (!records.empty() && to.left() >= kMinRecordSize) {
    const std::size_t size = RrsetSize(records);
    const Writer::Mark before = to.mark();
    if (PutRecords(records.first(size), to) == size) {
      put += size;
    } else {
      to.Undo(before);
    }
    records = records.subspan(size);
  }
  return put;
}

struct Counts {
  std::size_t answer = 0;
  std::size_t authority = 0;
  std::size_t additional = 0;
  bool truncated = false;
};

Counts PutSections(const Reply& reply, Writer& to) {
  Counts counts;
  counts.answer = PutRecords(reply.answer, to);
  counts.truncated = counts.answer < reply.answer.size();
  if (counts.truncated) return counts;
  const Writer::Mark before = to.mark();
  counts.authority = PutRecords(reply.authority, to);
  counts.truncated = counts.authority < reply.authority.size();
  if (counts.truncated) {
    to.Undo(before);
    counts.authority = 0;
    return counts;
  }
  counts.additional = PutRrsets(reply.additional, to);
  return counts;
}

}  // namespace

std::size_t EncodeReply(const Query& query, const Reply& reply, const Limits& limits,
                        std::span<std::uint8_t> out) {
  const std::size_t limit = std::min({limits.max_size, out.size(), kMaxMessageSize});
  const std::size_t question = query.has_question ? query.question.name.view().size() + 4 : 0;
  const std::size_t fixed = kHeaderSize + question;
  const OptPlan opt = PlanOpt(query, reply, limit - std::min(limit, fixed));
  if (fixed + opt.size > limit) return 0;

  const std::size_t records =
      reply.answer.size() + reply.authority.size() + reply.additional.size();
  Writer to(out.first(limit), std::min(records, limit / kMinRecordSize));
  to.Reserve(opt.size);
  const Rcode rcode = Expressible(reply.rcode, opt);
  std::uint16_t flags = HeaderFlags(query, reply, rcode);
  to.U16(query.id);
  to.U16(flags);
  to.U16(query.has_question ? 1 : 0);
  to.U16(0);
  to.U16(0);
  to.U16(0);
  PutQuestion(query, to);
  const Counts counts = PutSections(reply, to);
  to.Release(opt.size);
  if (opt.present) PutOpt(query, reply, limits, opt, to);

  if (counts.truncated) flags |= kTruncated;
  to.PatchU16(kFlagsAt, flags);
  to.PatchU16(kAnswerCountAt, static_cast<std::uint16_t>(counts.answer));
  to.PatchU16(kAuthorityCountAt, static_cast<std::uint16_t>(counts.authority));
  to.PatchU16(kAdditionalCountAt,
              static_cast<std::uint16_t>(counts.additional + (opt.present ? 1 : 0)));
  return to.size();
}

std::size_t SerialAt(const Query& query, const Reply& reply,
                     std::span<const std::uint8_t> message) {
  // An SOA is asked for, or says why there is nothing; only the OPT comes behind it.
  const bool asked = reply.authority.empty();
  const std::span<const Record> last = asked ? reply.answer : reply.authority;
  if (last.empty() || last.back().type != Type::kSoa || !reply.additional.empty()) return 0;
  // Of a zone with a long name, asked in another case, it may not have fit.
  const std::size_t count_at = asked ? kAnswerCountAt : kAuthorityCountAt;
  const unsigned count = message[count_at] << 8 | message[count_at + 1];
  if (count != last.size()) return 0;
  return message.size() - PlanOpt(query, reply, kMaxMessageSize).size - kSoaNumbers;
}

}  // namespace rollcall::wire
