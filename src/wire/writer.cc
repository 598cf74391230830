#include "wire/writer.h"

#include <algorithm>

namespace rollcall::wire {
namespace {

constexpr std::uint16_t kPointerBits = 0xc000;
constexpr std::size_t kMaxString = 255;  // octets of a character-string

// A resolver that does not know a type cannot undo compression in it, so names in
// types after RFC 1035 stand in full (RFC 3597 section 4).
bool MayCompress(Type type) {
  return type == Type::kNs || type == Type::kCname || type == Type::kPtr;
}

template <std::size_t N>
std::string_view AsOctets(const std::array<std::uint8_t, N>& address) {
  return {reinterpret_cast<const char*>(address.data()), N};
}

}  // namespace

void Writer::Undo(Mark mark) {
  size_ = mark.size;
  overflow_ = false;
  suffixes_.Forget(mark.suffixes);
  if (last_offset_ >= mark.size) last_offset_ = 0;
}

void Writer::CompressedName(NameView name) {
  if (last_offset_ != 0 && name.wire() == last_.wire()) return U16(kPointerBits | last_offset_);
  const std::size_t at = size_;
  const Suffixes::Match match = suffixes_.Place(name, at);
  Octets(name.wire().substr(0, match.labels));
  if (match.offset != 0) {
    U16(kPointerBits | match.offset);
  } else {
    U8(0);
  }
  const std::size_t offset = match.labels == 0 ? match.offset : at;
  last_ = name;
  last_offset_ = !name.IsRoot() && offset <= kMaxOffset ? static_cast<std::uint16_t>(offset) : 0;
}

void Writer::PlainName(NameView name) {
  suffixes_.Place(name, size_);
  Octets(name.wire());
}

void Writer::PutRecord(const Record& record) {
  CompressedName(record.owner);
  std::uint8_t* fixed = Claim(10);
  if (fixed == nullptr) return;
  StoreU16(fixed, static_cast<std::uint16_t>(record.type));
  StoreU16(fixed + 2, static_cast<std::uint16_t>(Class::kIn));
  StoreU32(fixed + 4, record.ttl);
  const std::size_t start = size_;
  PutRdata(record);
  StoreU16(fixed + 8, static_cast<std::uint16_t>(size_ - start));
}

void Writer::PutRdata(const Record& record) {
  struct Put {
    Writer& to;
    Type type;
    void operator()(const Opaque& data) const { to.Octets(data.octets); }
    void operator()(const A& data) const { to.Octets(AsOctets(data.address)); }
    void operator()(const Aaaa& data) const { to.Octets(AsOctets(data.address)); }
    void operator()(const NameData& data) const {
      MayCompress(type) ? to.CompressedName(data.name) : to.PlainName(data.name);
    }
    void operator()(const Mx& data) const {
      to.U16(data.preference);
      to.CompressedName(data.exchange);
    }
    void operator()(const Srv& data) const {
      if (std::uint8_t* room = to.Claim(6)) {
        StoreU16(room, data.priority);
        StoreU16(room + 2, data.weight);
        StoreU16(room + 4, data.port);
      }
      to.PlainName(data.target);
    }
    void operator()(const Txt& data) const { to.PutText(data.text); }
    void operator()(const Soa& data) const {
      to.CompressedName(data.mname);
      to.CompressedName(data.rname);
      for (const std::uint32_t number :
           {data.serial, data.refresh, data.retry, data.expire, data.minimum}) {
        to.U32(number);
      }
    }
  };
  std::visit(Put{*this, record.type}, record.rdata);
}

// At least one string, and none of them empty but that one (RFC 1035 section
// 3.3.14).
void Writer::PutText(std::string_view text) {
  do {
    const std::string_view string = text.substr(0, kMaxString);
    U8(static_cast<std::uint8_t>(string.size()));
    Octets(string);
    text.remove_prefix(string.size());
  } while (!text.empty());
}

}  // namespace rollcall::wire
