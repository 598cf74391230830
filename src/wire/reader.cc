#include "wire/reader.h"

#include <cstring>

namespace rollcall::wire {
namespace {

// The two high bits of a length octet (RFC 1035 section 4.1.4); 01 and 10 are
// reserved.
constexpr std::uint8_t kPointer = 0xc0;

}  // namespace

void Reader::ReadName(Pointers pointers, Name& name) {
  if (ok()) {
    const char* what = TakeName(pointers, name);
    if (what == nullptr) return;
    Fail(what);
  }
  name.size_ = 1;
  name.wire_[0] = 0;
}

const char* Reader::TakeName(Pointers pointers, Name& name) {
  std::size_t size = 0;            // of the labels so far
  std::size_t at = position_;      // in the message
  std::size_t labels = position_;  // where the labels being read began
  std::size_t resume = 0;          // behind the first pointer
  for (;;) {
    if (at >= message_.size()) return "the message ends within a name";
    const std::size_t length = message_[at];
    if (length == 0) break;
    if ((length & kPointer) == kPointer) {
      if (pointers == Pointers::kRefuse) return "a compressed name where none may be";
      if (at + 1 >= message_.size()) return "the message ends within a name";
      const std::size_t target = (length & 0x3f) << 8 | message_[at + 1];
      if (target >= labels) return "a name's pointer does not lead back";
      if (resume == 0) resume = at + 2;
      at = labels = target;
      continue;
    }
    if (length > kMaxLabelSize) return "a label of a reserved kind";
    if (at + 1 + length > message_.size()) return "the message ends within a name";
    if (size + 1 + length + 1 > kMaxNameSize) return "a name is longer than 255 octets";
    std::memcpy(&name.wire_[size], &message_[at], 1 + length);
    size += 1 + length;
    at += 1 + length;
  }
  name.wire_[size] = 0;
  name.size_ = static_cast<std::uint8_t>(size + 1);
  position_ = resume != 0 ? resume : at + 1;
  return nullptr;
}

void Reader::SkipName() {
  const std::size_t start = position_;
  while (ok()) {
    const std::uint8_t length = U8();
    if (length == 0) return;
    if ((length & kPointer) == kPointer) return Skip(1);
    if (length > kMaxLabelSize) return Fail("a label of a reserved kind");
    Skip(length);
    if (position_ - start >= kMaxNameSize) return Fail("a name is longer than 255 octets");
  }
}

}  // namespace rollcall::wire
