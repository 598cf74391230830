// Any reply, into any room: it decodes to the front of what was given, TC is set
// exactly if answer or authority are not whole, and only whole RRsets of the
// additional section are missing.
#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "require.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace {

using namespace rollcall::wire;

// The input as an endless source of small numbers.
class Source {
 public:
  Source(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool empty() const { return at_ >= size_; }
  unsigned U8() { return empty() ? 0 : data_[at_++]; }
  unsigned U16() {
    const unsigned high = U8();
    return high << 8 | U8();
  }
  std::string_view Octets(std::size_t count) {
    count = std::min(count, size_ - std::min(at_, size_));
    const std::string_view octets(reinterpret_cast<const char*>(data_) + at_, count);
    at_ += count;
    return octets;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

// Names that share their ends, and some that do not.
class Maker {
 public:
  explicit Maker(Source& source) : source_(source) { names_.emplace_back(); }

  NameView NewName() {
    const unsigned choice = source_.U8();
    Name name = names_[choice % names_.size()];
    if (choice >= 128) {
      static constexpr std::string_view kLabels[] = {"a", "A", "node", "prom", "internal", "b"};
      const unsigned label = source_.U8();
      const bool fits = label < 200 ? name.PrependLabel(kLabels[label % std::size(kLabels)])
                                    : name.PrependLabel(source_.Octets(label - 192));
      if (fits) names_.push_back(name);
    }
    return names_.back();
  }

  Record NewRecord() {
    Record record;
    record.owner = NewName();
    record.ttl = source_.U16();
    const auto number = static_cast<std::uint16_t>(source_.U8());
    switch (source_.U8() % 8) {
      case 0:
        record.type = Type::kA;
        record.rdata = A{{1, 2, 3, 4}};
        break;
      case 1:
        record.type = Type::kAaaa;
        record.rdata = Aaaa{};
        break;
      case 2:
        record.type = Type::kCname;
        record.rdata = NameData{NewName()};
        break;
      case 3:
        record.type = Type::kMx;
        record.rdata = Mx{number, NewName()};
        break;
      case 4:
        record.type = Type::kTxt;
        record.rdata = Txt{source_.Octets(2 * number)};
        break;
      case 5:
        record.type = Type::kSoa;
        record.rdata = Soa{NewName(), NewName(), number, 2, 3, 4, 5};
        break;
      case 6:
        record.type = static_cast<Type>(65280);
        record.rdata = Opaque{source_.Octets(number)};
        break;
      default:
        record.type = Type::kSrv;
        record.rdata = Srv{1, 2, number, NewName()};
    }
    return record;
  }

 private:
  Source& source_;
  std::deque<Name> names_;  // grows without moving what records borrow
};

void RequireStart(const std::vector<Record>& got, const std::vector<Record>& given) {
  REQUIRE(got.size() <= given.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    REQUIRE(got[i].owner.wire() == given[i].owner.wire());
    REQUIRE(got[i] == given[i]);
  }
}

// `got` is `given` without some whole RRsets.
void RequireRrsets(const std::vector<Record>& got, const std::vector<Record>& given) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < given.size();) {
    std::size_t end = i + 1;
    while (end < given.size() && given[end].type == given[i].type &&
           given[end].owner == given[i].owner) {
      ++end;
    }
    const std::size_t size = end - i;
    if (size <= got.size() - at && std::equal(given.begin() + static_cast<std::ptrdiff_t>(i),
                                              given.begin() + static_cast<std::ptrdiff_t>(end),
                                              got.begin() + static_cast<std::ptrdiff_t>(at))) {
      at += size;
    }
    i = end;
  }
  REQUIRE(at == got.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Source source(data, size);
  Maker maker(source);
  const unsigned flags = source.U8();
  Query query;
  query.has_question = (flags & 1) != 0;
  query.question.name = Name(maker.NewName());
  query.edns.present = (flags & 2) != 0;
  query.edns.wants_nsid = (flags & 4) != 0;
  Limits limits;
  limits.max_size = std::max<std::size_t>(source.U16(), kMinUdpSize);

  std::vector<Record> sections[3];
  const std::size_t repeat = (flags & 8) != 0 ? 40 : 1;
  while (!source.empty()) {
    const unsigned section = source.U8() % 3;
    const Record record = maker.NewRecord();
    sections[section].insert(sections[section].end(), repeat, record);
  }
  Reply reply;
  reply.rcode = (flags & 16) != 0 ? Rcode::kBadVers : Rcode::kNoError;
  reply.answer = sections[0];
  reply.authority = sections[1];
  reply.additional = sections[2];
  if ((flags & 32) != 0) reply.extended_error = ExtendedError{kStaleAnswer};
  reply.nsid = "rollcall";

  static std::array<std::uint8_t, kMaxMessageSize> out;
  const std::size_t length = EncodeReply(query, reply, limits, out);
  REQUIRE(length >= kHeaderSize && length <= limits.max_size);
  const auto decoded = DecodeResponse(std::span(out).first(length));
  REQUIRE(decoded.has_value());
  REQUIRE(decoded->has_edns == query.edns.present);
  RequireStart(decoded->answer, sections[0]);
  RequireStart(decoded->authority, sections[1]);
  const bool whole = decoded->answer.size() == sections[0].size() &&
                     decoded->authority.size() == sections[1].size();
  REQUIRE(decoded->truncated == !whole);
  if (!whole) REQUIRE(decoded->authority.empty() && decoded->additional.empty());
  RequireRrsets(decoded->additional, sections[2]);
  return 0;
}
