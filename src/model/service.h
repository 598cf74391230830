// One registration's value: SkyDNS's JSON members, and ours.
//
// The rules are those of Go's encoding/json as CoreDNS and SkyDNS use it, so
// that a value means the same to all three: unknown members are ignored, names
// match without regard to case, the last of repeated members counts, null leaves
// a member as it is, a number with fraction or exponent is no integer.
//
// Threads: values and pure functions, no shared state.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::model {

enum class HostKind : std::uint8_t {
  kNone,  // no host: a text, or nothing
  kIpv4,
  kIpv6,
  kName,
};

// The member `rollcall`, which SkyDNS and CoreDNS ignore.
struct Extension {
  std::string owner = {};  // "": static
  std::map<std::string, std::string> labels = {};
  std::vector<std::string> tags = {};
  std::string on_loss = {};  // "", "keep" or "remove"
  std::string retain = {};   // how long it stays when lost, see ParseDuration(); "": for ever
  // How it is to be scraped, for who can tell Prometheus; "": as Prometheus would.
  std::string scheme = {};
  std::string metrics_path = {};
  std::string interval = {};
  std::map<std::string, std::string> params = {};

  [[nodiscard]] bool empty() const { return *this == Extension(); }
  friend bool operator==(const Extension&, const Extension&) = default;
};

struct Service {
  std::string host = {};  // as written
  std::int64_t port = 0;
  std::int64_t priority = 0;  // 0: unset, counts as 10
  std::int64_t weight = 0;    // 0: unset, counts as 100
  std::string text = {};
  bool mail = false;
  std::uint32_t ttl = 0;  // seconds; 0: unset
  std::int64_t target_strip = 0;
  std::string group = {};
  Extension extension = {};

  // What is wrong with the member `rollcall`; "": nothing.  Such a value can be
  // used all the same: CoreDNS does not even see the member, and a target must not
  // be lost to it.  What could not be read of the extension is left unset.
  std::string extension_problem = {};

  friend bool operator==(const Service&, const Service&) = default;
};

// Why a value cannot be used; the label `reason` of the invalid-records metric.
enum class Flaw : std::uint8_t { kJson, kMember, kHost, kKey };
[[nodiscard]] std::string_view ToString(Flaw flaw);  // "json", "member", "host", "key"

struct Invalid {
  Flaw flaw = Flaw::kJson;
  std::string message;  // one sentence, with the place: "member port: "80" is not an integer"
};

// The value of a registration.  Does not look at what `host` means.
// kJson: not JSON (the message says at which octet), nested deeper than
// kMaxDepth, or no object.  kMember: a member of SkyDNS's of the wrong type or
// range, even if it is repeated rightly.
[[nodiscard]] tl::expected<Service, Invalid> ParseService(std::string_view json);

// Levels of nesting within a value; Go stops at 10,000, no sane value at 5.
inline constexpr std::size_t kMaxDepth = 256;

// Compact JSON, SkyDNS's members first, only those that are set; ParseService
// gives the same Service again (its texts as UTF-8, what is not becomes U+FFFD).
[[nodiscard]] std::string ToJson(const Service& service);

struct Host {
  HostKind kind = HostKind::kNone;
  std::array<std::uint8_t, 16> address{};  // kIpv4: the first four
  std::string name;                        // kName: uncompressed wire form, case kept
};

// What `host` means, as Go's net.ParseIP sees it: a dotted quad without leading
// zeros; IPv6 text without zone index; an IPv4-mapped IPv6 address is IPv4; any
// other text is a name.  Flaw::kHost: a name that cannot be one (empty label,
// label over 63 octets, over 255 in all), or the root, which as an SRV target
// says that the service is not there (RFC 2782).
[[nodiscard]] tl::expected<Host, Invalid> ClassifyHost(std::string_view host);

}  // namespace rollcall::model
