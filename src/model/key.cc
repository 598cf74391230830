#include "model/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

namespace rollcall::model {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

constexpr std::string_view kSpecial = ". '@;()\"\\";

// Octets that stand for themselves, or for their lower case.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (char c = ' '; c <= '~'; ++c) {
    plain[static_cast<unsigned char>(c)] = kSpecial.find(c) == kSpecial.npos;
  }
  return plain;
}();

// One label in lower case, escaped as by github.com/miekg/dns, CoreDNS's library
// (its isDomainNameLabelSpecial and escapeByte).
void AppendEscaped(std::string& out, std::string_view label) {
  for (const char c : label) {
    if (kPlain[static_cast<unsigned char>(c)]) {
      out += wire::ToLower(c);
    } else if (c < ' ' || c > '~') {
      fmt::format_to(std::back_inserter(out), "\\{:03}", static_cast<unsigned char>(c));
    } else {
      out += '\\';
      out += c;
    }
  }
}

tl::unexpected<Invalid> BadKey(std::string_view key, std::string_view why) {
  return tl::unexpected<Invalid>(Invalid{Flaw::kKey, fmt::format("key {}: {}", key, why)});
}

// Reads the octet behind the backslash at text[at]; moves `at` to the last one
// read.  False: no such escape.
bool Unescape(std::string_view text, std::size_t& at, char& octet) {
  const std::string_view rest = text.substr(at + 1);
  if (rest.empty()) return false;
  if (!IsDigit(rest[0])) {
    octet = rest[0];
    at += 1;
    return true;
  }
  if (rest.size() < 3 || !IsDigit(rest[1]) || !IsDigit(rest[2])) return false;
  const int number = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  if (number > 255) return false;
  octet = static_cast<char>(number);
  at += 3;
  return true;
}

// The labels of one component, leftmost first; empty: a broken escape.
std::vector<std::string> LabelsOf(std::string_view component) {
  std::vector<std::string> labels(1);
  for (std::size_t at = 0; at < component.size(); ++at) {
    char octet = component[at];
    if (octet == '.') {
      labels.emplace_back();
      continue;
    }
    if (octet == '\\' && !Unescape(component, at, octet)) return {};
    labels.back() += octet;
  }
  return labels;
}

// Why PrependLabel() refused.
std::string_view WhyNot(std::string_view label) {
  if (label.empty()) return "an empty label";
  if (label.size() > wire::kMaxLabelSize) return "a label is over 63 octets";
  return "the name is over 255 octets";
}

}  // namespace

std::string NormalizePrefix(std::string_view prefix) {
  std::string normalized;
  while (!prefix.empty()) {
    const std::string_view component = prefix.substr(0, prefix.find('/'));
    if (!component.empty()) normalized.append("/").append(component);
    prefix.remove_prefix(std::min(prefix.size(), component.size() + 1));
  }
  return normalized;
}

Result<std::string> KeyOf(std::string_view prefix, wire::NameView name) {
  for (wire::NameView rest = name; !rest.IsRoot(); rest = rest.Parent()) {
    const std::string_view label = rest.FirstLabel();
    if (label.find('/') != label.npos) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("label {} has a slash, which a key cannot hold", label));
    }
  }
  std::string key(prefix);
  AppendPath(key, name);
  return key;
}

void AppendPath(std::string& key, wire::NameView name) {
  std::array<std::string_view, wire::kMaxLabels> labels;
  std::size_t count = 0;
  for (; !name.IsRoot(); name = name.Parent()) labels[count++] = name.FirstLabel();
  while (count > 0) {
    key += '/';
    AppendEscaped(key, labels[--count]);
  }
}

tl::expected<wire::Name, Invalid> NameOf(std::string_view prefix, std::string_view key) {
  std::string_view rest = key.substr(prefix.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  wire::Name name;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(component.size());
    // Nearly all are one label as it stands.
    if (component.find('.') == component.npos && component.find('\\') == component.npos) {
      if (!name.PrependLabel(component)) return BadKey(key, WhyNot(component));
      continue;
    }
    const std::vector<std::string> labels = LabelsOf(component);
    if (labels.empty()) return BadKey(key, "a broken escape");
    for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
      if (label->find('/') != label->npos) return BadKey(key, "a slash in a label");
      if (!name.PrependLabel(*label)) return BadKey(key, WhyNot(*label));
    }
  }
  return name;
}

}  // namespace rollcall::model
