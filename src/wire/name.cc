#include "wire/name.h"

#include <algorithm>

namespace rollcall::wire {
namespace {

// Of what ToText() escapes by a backslash alone; RFC 1035 section 5.1 gives these
// a meaning in zone files.
bool IsSpecial(char c) {
  return std::string_view(".\\\"();@$").find(c) != std::string_view::npos;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

void AppendEscaped(char c, std::string& text) {
  const auto octet = static_cast<unsigned char>(c);
  if (octet <= ' ' || octet > '~') {
    text += '\\';
    text += static_cast<char>('0' + octet / 100);
    text += static_cast<char>('0' + octet / 10 % 10);
    text += static_cast<char>('0' + octet % 10);
    return;
  }
  if (IsSpecial(c)) text += '\\';
  text += c;
}

// Takes one escape off `text`, which begins behind the backslash.
bool Unescape(std::string_view& text, char& out) {
  if (text.empty()) return false;
  if (!IsDigit(text[0])) {
    out = text[0];
    text.remove_prefix(1);
    return true;
  }
  if (text.size() < 3 || !IsDigit(text[1]) || !IsDigit(text[2])) return false;
  const int octet = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (octet > 255) return false;
  out = static_cast<char>(octet);
  text.remove_prefix(3);
  return true;
}

// Takes the first label, with the dot that ends it, off `text`.  Null: done; else
// what is wrong with it.
const char* TakeLabel(std::string_view& text, std::array<char, kMaxLabelSize>& label,
                      std::size_t& size) {
  size = 0;
  while (!text.empty()) {
    char c = text[0];
    text.remove_prefix(1);
    if (c == '.') break;
    if (c == '\\' && !Unescape(text, c)) return "has a broken escape";
    if (size == kMaxLabelSize) return "is longer than 63 octets";
    label[size++] = c;
  }
  return size == 0 ? "is empty" : nullptr;
}

tl::unexpected<Error> BadLabel(std::string_view text, std::size_t number, const char* what) {
  std::string message = "label " + std::to_string(number) + " of the name \"";
  message += text.substr(0, kMaxNameSize);
  message += "\" ";
  message += what;
  return Fail(ErrorCode::kInvalid, std::move(message));
}

}  // namespace

std::size_t NameView::LabelCount() const {
  std::size_t count = 0;
  for (NameView rest = *this; !rest.IsRoot(); rest = rest.Parent()) ++count;
  return count;
}

bool NameView::IsAtOrBelow(NameView ancestor) const {
  NameView rest = *this;
  while (rest.size() > ancestor.size()) rest = rest.Parent();
  return rest == ancestor;
}

std::string NameView::ToText() const {
  if (IsRoot()) return ".";
  std::string text;
  text.reserve(size());
  for (NameView rest = *this; !rest.IsRoot(); rest = rest.Parent()) {
    for (const char c : rest.FirstLabel()) AppendEscaped(c, text);
    text += '.';
  }
  return text;
}

// Length octets are at most 63 and so below 'A': folding all octets alike cannot
// make two different names equal.
bool operator==(NameView a, NameView b) {
  if (a.size() != b.size()) return false;
  return std::memcmp(a.wire_.data(), b.wire_.data(), a.size()) == 0 ||
         EqualsIgnoreCase(a.wire_, b.wire_);
}

Result<Name> Name::FromText(std::string_view text) {
  Name name;
  if (text == ".") return name;
  std::string_view rest = text;
  std::size_t size = 0;  // of the labels so far
  std::size_t number = 0;
  do {
    ++number;
    std::array<char, kMaxLabelSize> label;
    std::size_t label_size = 0;
    if (const char* what = TakeLabel(rest, label, label_size)) return BadLabel(text, number, what);
    if (size + 1 + label_size + 1 > kMaxNameSize) {
      return BadLabel(text, number, "makes it longer than 255 octets");
    }
    name.wire_[size] = static_cast<char>(label_size);
    std::memcpy(&name.wire_[size + 1], label.data(), label_size);
    size += 1 + label_size;
  } while (!rest.empty());
  name.wire_[size] = 0;
  name.size_ = static_cast<std::uint8_t>(size + 1);
  return name;
}

bool Name::PrependLabel(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelSize) return false;
  if (size_ + 1 + label.size() > kMaxNameSize) return false;
  std::memmove(&wire_[1 + label.size()], wire_.data(), size_);
  wire_[0] = static_cast<char>(label.size());
  std::memcpy(&wire_[1], label.data(), label.size());
  size_ = static_cast<std::uint8_t>(size_ + 1 + label.size());
  return true;
}

void Name::ToLower() {
  LowerCaseTo(view().wire(), wire_.data());
}

}  // namespace rollcall::wire
