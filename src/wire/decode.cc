#include "wire/decode.h"

#include "wire/header.h"
#include "wire/reader.h"

namespace rollcall::wire {
namespace {

// Which RDATA may hold names that are compressed although the type has no struct
// here (RFC 3597 section 4), field by field: n a name, s a character-string, a
// digit that many octets.  To hand such a record on, its names are written out.
struct Layout {
  std::uint16_t type;
  std::string_view fields;
};
constexpr Layout kLayouts[] = {
    {3, "n"},       // MD
    {4, "n"},       // MF
    {7, "n"},       // MB
    {8, "n"},       // MG
    {9, "n"},       // MR
    {14, "nn"},     // MINFO
    {17, "nn"},     // RP
    {18, "2n"},     // AFSDB
    {21, "2n"},     // RT
    {26, "2nn"},    // PX
    {35, "4sssn"},  // NAPTR
    {36, "2n"},     // KX
    {39, "n"},      // DNAME
};

class Decoder {
 public:
  explicit Decoder(std::span<const std::uint8_t> message) : reader_(message) {}

  Result<Response> Decode();

 private:
  void ReadHeader(std::uint16_t flags);
  void ReadQuestions(unsigned count);
  void ReadRecords(unsigned count, std::vector<Record>& records, bool additional);
  void ReadOpt(NameView owner);
  Rdata ReadRdata(Type type, std::size_t size);
  Rdata ReadOpaque(Type type, std::size_t end);
  std::string_view ReadText(std::size_t end);
  template <std::size_t N>
  std::array<std::uint8_t, N> ReadAddress();
  NameView ReadName();
  std::string_view Keep(std::string_view octets) { return storage_->emplace_back(octets); }

  Reader reader_;
  Response response_;
  std::shared_ptr<std::deque<std::string>> storage_ = std::make_shared<std::deque<std::string>>();
};

Result<Response> Decoder::Decode() {
  response_.id = reader_.U16();
  ReadHeader(reader_.U16());
  const unsigned questions = reader_.U16();
  const unsigned answer = reader_.U16();
  const unsigned authority = reader_.U16();
  const unsigned additional = reader_.U16();
  ReadQuestions(questions);
  ReadRecords(answer, response_.answer, false);
  ReadRecords(authority, response_.authority, false);
  ReadRecords(additional, response_.additional, true);
  if (reader_.ok() && reader_.left() > 0) reader_.Fail("octets behind the end");
  if (!reader_.ok()) {
    return Fail(ErrorCode::kInvalid, "DNS message, octet " + std::to_string(reader_.position()) +
                                         ": " + reader_.error());
  }
  response_.storage = std::move(storage_);
  return std::move(response_);
}

void Decoder::ReadHeader(std::uint16_t flags) {
  response_.is_response = (flags & kResponse) != 0;
  response_.opcode = static_cast<Opcode>(flags >> 11 & 0xf);
  response_.authoritative = (flags & kAuthoritative) != 0;
  response_.truncated = (flags & kTruncated) != 0;
  response_.recursion_desired = (flags & kRecursionDesired) != 0;
  response_.recursion_available = (flags & kRecursionAvailable) != 0;
  response_.authentic_data = (flags & kAuthenticData) != 0;
  response_.checking_disabled = (flags & kCheckingDisabled) != 0;
  response_.rcode = static_cast<Rcode>(flags & 0xf);
}

void Decoder::ReadQuestions(unsigned count) {
  for (unsigned i = 0; reader_.ok() && i < count; ++i) {
    Question question;
    reader_.ReadName(Reader::Pointers::kFollow, question.name);
    question.type = static_cast<Type>(reader_.U16());
    question.qclass = static_cast<Class>(reader_.U16());
    response_.questions.push_back(question);
  }
}

void Decoder::ReadRecords(unsigned count, std::vector<Record>& records, bool additional) {
  for (unsigned i = 0; reader_.ok() && i < count; ++i) {
    Record record;
    record.owner = ReadName();
    record.type = static_cast<Type>(reader_.U16());
    if (additional && record.type == Type::kOpt) {
      ReadOpt(record.owner);
      continue;
    }
    if (reader_.U16() != static_cast<std::uint16_t>(Class::kIn)) {
      return reader_.Fail("a class other than IN");
    }
    record.ttl = reader_.U32();
    const std::size_t size = reader_.U16();
    const std::size_t end = reader_.position() + size;
    record.rdata = ReadRdata(record.type, size);
    if (reader_.position() != end) return reader_.Fail("the data of a record of another length");
    records.push_back(record);
  }
}

// From its CLASS on (RFC 6891 section 6.1.2).
void Decoder::ReadOpt(NameView owner) {
  if (!owner.IsRoot() || response_.has_edns) return reader_.Fail("an OPT record too many");
  response_.has_edns = true;
  response_.edns_udp_size = reader_.U16();
  const unsigned high = reader_.U8();
  response_.rcode = static_cast<Rcode>(high << 4 | static_cast<unsigned>(response_.rcode));
  response_.edns_version = reader_.U8();
  response_.edns_dnssec_ok = (reader_.U16() & kDnssecOk) != 0;
  const std::size_t size = reader_.U16();
  const std::size_t end = reader_.position() + size;
  while (reader_.ok() && reader_.position() < end) {
    const std::uint16_t code = reader_.U16();
    const std::size_t length = reader_.U16();
    response_.edns_options.emplace_back(code, std::string(reader_.Octets(length)));
  }
  if (reader_.position() != end) reader_.Fail("an EDNS option longer than its record");
}

Rdata Decoder::ReadRdata(Type type, std::size_t size) {
  const std::size_t end = reader_.position() + size;
  switch (type) {
    case Type::kA:
      return A{ReadAddress<4>()};
    case Type::kAaaa:
      return Aaaa{ReadAddress<16>()};
    case Type::kNs:
    case Type::kCname:
    case Type::kPtr:
      return NameData{ReadName()};
    case Type::kMx: {
      Mx mx;
      mx.preference = reader_.U16();
      mx.exchange = ReadName();
      return mx;
    }
    case Type::kSrv: {
      Srv srv;
      srv.priority = reader_.U16();
      srv.weight = reader_.U16();
      srv.port = reader_.U16();
      srv.target = ReadName();
      return srv;
    }
    case Type::kTxt:
      return Txt{ReadText(end)};
    case Type::kSoa: {
      Soa soa;
      soa.mname = ReadName();
      soa.rname = ReadName();
      for (auto* number : {&soa.serial, &soa.refresh, &soa.retry, &soa.expire, &soa.minimum}) {
        *number = reader_.U32();
      }
      return soa;
    }
    default:
      return ReadOpaque(type, end);
  }
}

Rdata Decoder::ReadOpaque(Type type, std::size_t end) {
  std::string_view fields;
  for (const Layout& layout : kLayouts) {
    if (layout.type == static_cast<std::uint16_t>(type)) fields = layout.fields;
  }
  std::string octets;
  for (const char field : fields) {
    if (field == 'n') {
      Name name;
      reader_.ReadName(Reader::Pointers::kFollow, name);
      octets += name.view().wire();
    } else if (field == 's') {
      const std::uint8_t length = reader_.U8();
      octets += static_cast<char>(length);
      octets += reader_.Octets(length);
    } else {
      octets += reader_.Octets(static_cast<std::size_t>(field - '0'));
    }
  }
  if (fields.empty()) octets += reader_.Octets(end - reader_.position());
  return Opaque{Keep(octets)};
}

// The strings of a TXT record, at least one, joined.
std::string_view Decoder::ReadText(std::size_t end) {
  std::string text;
  do {
    const std::uint8_t length = reader_.U8();
    text += reader_.Octets(length);
  } while (reader_.ok() && reader_.position() < end);
  return Keep(text);
}

template <std::size_t N>
std::array<std::uint8_t, N> Decoder::ReadAddress() {
  std::array<std::uint8_t, N> address{};
  for (std::uint8_t& octet : address) octet = reader_.U8();
  return address;
}

NameView Decoder::ReadName() {
  Name name;
  reader_.ReadName(Reader::Pointers::kFollow, name);
  return NameView(Keep(name.view().wire()));
}

}  // namespace

Result<Response> DecodeResponse(std::span<const std::uint8_t> message) {
  return Decoder(message).Decode();
}

}  // namespace rollcall::wire
