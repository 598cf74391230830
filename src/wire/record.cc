#include "wire/record.h"

#include <arpa/inet.h>

namespace rollcall::wire {
namespace {

std::string Number(std::uint32_t number) {
  return std::to_string(number);
}

void AppendQuoted(std::string_view octets, std::string& text) {
  text += '"';
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < ' ' || octet > '~') {
      text += '\\';
      text += static_cast<char>('0' + octet / 100);
      text += static_cast<char>('0' + octet / 10 % 10);
      text += static_cast<char>('0' + octet % 10);
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
}

// The RDATA in the form of a zone file (RFC 1035 section 5.1, RFC 3597 section 5).
struct RdataText {
  std::string operator()(const Opaque& data) const {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string text = "\\# " + std::to_string(data.octets.size());
    if (!data.octets.empty()) text += ' ';
    for (const char c : data.octets) {
      text += kHex[static_cast<unsigned char>(c) >> 4];
      text += kHex[static_cast<unsigned char>(c) & 0xf];
    }
    return text;
  }
  std::string operator()(const A& data) const { return Address(AF_INET, data.address.data()); }
  std::string operator()(const Aaaa& data) const { return Address(AF_INET6, data.address.data()); }
  std::string operator()(const NameData& data) const { return data.name.ToText(); }
  std::string operator()(const Mx& data) const {
    return Number(data.preference) + ' ' + data.exchange.ToText();
  }
  std::string operator()(const Srv& data) const {
    return Number(data.priority) + ' ' + Number(data.weight) + ' ' + Number(data.port) + ' ' +
           data.target.ToText();
  }
  std::string operator()(const Txt& data) const {
    constexpr std::size_t kMaxString = 255;
    std::string text;
    AppendQuoted(data.text.substr(0, kMaxString), text);
    for (std::size_t at = kMaxString; at < data.text.size(); at += kMaxString) {
      text += ' ';
      AppendQuoted(data.text.substr(at, kMaxString), text);
    }
    return text;
  }
  std::string operator()(const Soa& data) const {
    return data.mname.ToText() + ' ' + data.rname.ToText() + ' ' + Number(data.serial) + ' ' +
           Number(data.refresh) + ' ' + Number(data.retry) + ' ' + Number(data.expire) + ' ' +
           Number(data.minimum);
  }

 private:
  static std::string Address(int family, const std::uint8_t* address) {
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(family, address, text, sizeof text);
  }
};

}  // namespace

std::string ToText(const Record& record) {
  return record.owner.ToText() + ' ' + Number(record.ttl) + " IN " + ToText(record.type) + ' ' +
         std::visit(RdataText(), record.rdata);
}

}  // namespace rollcall::wire
