#include "wire/query.h"

#include "wire/header.h"
#include "wire/reader.h"

namespace rollcall::wire {
namespace {

// An OPT, and a TSIG or SIG(0) beside it.
constexpr unsigned kMaxAdditional = 2;

struct Announced {
  unsigned question = 0;
  unsigned answer = 0;
  unsigned authority = 0;
  unsigned additional = 0;
};

void ReadQuestion(Reader& reader, Question& question) {
  reader.ReadName(Reader::Pointers::kRefuse, question.name);
  question.type = static_cast<Type>(reader.U16());
  question.qclass = static_cast<Class>(reader.U16());
}

// Reads the rest of an OPT record, from its CLASS on (RFC 6891 section 6.1.2).
void ReadOpt(Reader& reader, Edns& edns) {
  if (edns.present) reader.Fail("two OPT records");
  edns.present = true;
  edns.udp_size = reader.U16();
  reader.Skip(1);  // the high bits of an rcode: nothing in a query
  edns.version = reader.U8();
  edns.dnssec_ok = (reader.U16() & kDnssecOk) != 0;
  std::size_t left = reader.U16();
  // Only version 0 says what its data looks like.
  if (edns.version != 0) return reader.Skip(left);
  while (reader.ok() && left > 0) {
    const std::uint16_t code = reader.U16();
    const std::size_t size = reader.U16();
    if (left < 4 + size) return reader.Fail("an EDNS option longer than its record");
    reader.Skip(size);
    left -= 4 + size;
    if (code == kOptionNsid) edns.wants_nsid = true;
  }
}

// Steps over one record; takes in an OPT where one may stand.
void ReadRecord(Reader& reader, bool additional, Edns& edns) {
  const std::size_t owner = reader.position();
  reader.SkipName();
  const bool at_root = reader.position() == owner + 1;
  const auto type = static_cast<Type>(reader.U16());
  if (type == Type::kOpt) {
    if (!at_root || !additional) return reader.Fail("an OPT record out of its place");
    return ReadOpt(reader, edns);
  }
  reader.Skip(2 + 4);  // CLASS, TTL
  reader.Skip(reader.U16());
}

void ReadRecords(Reader& reader, const Announced& counts, Edns& edns) {
  for (unsigned i = 0; reader.ok() && i < counts.answer + counts.authority; ++i) {
    ReadRecord(reader, false, edns);
  }
  for (unsigned i = 0; reader.ok() && i < counts.additional; ++i) ReadRecord(reader, true, edns);
}

Rcode ReadAsQuery(Reader& reader, const Announced& counts, Query& query) {
  if (counts.question != 1 || counts.answer != 0 || counts.additional > kMaxAdditional) {
    return Rcode::kFormErr;
  }
  ReadQuestion(reader, query.question);
  // A secondary tells the SOA it has (RFC 1995 section 3).
  const unsigned authority = query.question.type == Type::kIxfr ? 1 : 0;
  if (counts.authority > authority) return Rcode::kFormErr;
  ReadRecords(reader, counts, query.edns);
  if (!reader.ok()) return Rcode::kFormErr;
  query.has_question = true;
  return query.edns.version == 0 ? Rcode::kNoError : Rcode::kBadVers;
}

// Other opcodes fill the sections in their own ways (RFC 2136 section 2), so what
// cannot be read is just not repeated.
void ReadAsOther(Reader& reader, const Announced& counts, Query& query) {
  if (counts.question != 1) return;
  ReadQuestion(reader, query.question);
  query.has_question = reader.ok();
  ReadRecords(reader, counts, query.edns);
  if (!reader.ok()) query.edns = {};
}

}  // namespace

bool ParseQuery(std::span<const std::uint8_t> message, Query& query) {
  if (message.size() < kHeaderSize) return false;
  Reader reader(message);
  query.id = reader.U16();
  const std::uint16_t flags = reader.U16();
  if ((flags & kResponse) != 0) return false;
  query.opcode = static_cast<Opcode>(flags >> 11 & 0xf);
  query.recursion_desired = (flags & kRecursionDesired) != 0;
  query.checking_disabled = (flags & kCheckingDisabled) != 0;
  query.has_question = false;
  query.edns = {};
  Announced counts;
  counts.question = reader.U16();
  counts.answer = reader.U16();
  counts.authority = reader.U16();
  counts.additional = reader.U16();

  if (query.opcode == Opcode::kQuery) {
    query.verdict = ReadAsQuery(reader, counts, query);
    if (query.verdict == Rcode::kFormErr) query.edns = {};
  } else {
    query.verdict = Rcode::kNotImp;
    ReadAsOther(reader, counts, query);
  }
  if (!query.has_question) query.question = Question();
  return true;
}

}  // namespace rollcall::wire
