#include "doctor/dns_facts.h"

#include <algorithm>

namespace rollcall::doctor {
namespace {

constexpr std::size_t kMostResolved = 5;
constexpr std::string_view kShard = "_shard0of64.";

std::string HostOf(const std::string& target) {
  std::string host = target.substr(0, target.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host;
}

// As Go's resolver does it when a scrape connects, near enough: A and AAAA of the name.
bool HasAddress(const ResolvConf& conf, const std::string& host, std::uint16_t dns_port) {
  for (const auto type : {wire::Type::kA, wire::Type::kAaaa}) {
    const Lookup lookup = LookUp(conf, host, type, dns_port);
    if (lookup.end == Lookup::End::kAnswer &&
        !TargetsOf(*lookup.asked.back().response, 1).empty()) {
      return true;
    }
  }
  return false;
}

void ResolveSome(std::uint16_t dns_port, DnsFacts& facts) {
  ResolvConf conf = facts.conf;
  for (const Asked& asked : facts.each) {
    if (asked.silent) std::erase(conf.servers, asked.server);  // told by itself; it costs 2 s each
  }
  facts.resolved = std::min(facts.found.size(), kMostResolved);
  for (std::size_t i = 0; i < facts.resolved; ++i) {
    const std::string host = HostOf(facts.found[i]);
    if (!HasAddress(conf, host, dns_port)) facts.without_address.push_back(host);
  }
}

Asked AskFirst(const DnsFacts& facts, const std::string& name, wire::Type type,
               std::uint16_t dns_port, Manner manner) {
  Transport transport = Transport::kUdp;
  return Ask({facts.conf.servers[0], dns_port}, name, type, transport, manner);
}

}  // namespace

std::optional<wire::Type> DnsSdType(std::string_view type) {
  using wire::Type;
  for (const Type known : {Type::kSrv, Type::kA, Type::kAaaa, Type::kMx, Type::kNs}) {
    if (type == wire::ToText(known)) return known;
  }
  return std::nullopt;
}

DnsFacts GatherDns(const ResolvConf& conf, const DnsSd& sd, const std::string& name,
                   std::uint16_t dns_port) {
  DnsFacts facts{.name = name, .type = sd.type, .conf = conf};
  const wire::Type type = *DnsSdType(sd.type);
  const auto port = static_cast<std::uint16_t>(sd.port);
  facts.lookup = LookUp(conf, name, type, dns_port);
  std::string whole = name.ends_with('.') ? name : name + ".";
  if (facts.lookup.end == Lookup::End::kAnswer) {
    facts.found = TargetsOf(*facts.lookup.asked.back().response, port);
    if (!facts.found.empty()) whole = facts.lookup.asked.back().name;
  }
  for (const std::string& server : conf.servers) {
    Transport transport = Transport::kUdp;
    const Asked& asked = facts.each.emplace_back(Ask({server, dns_port}, whole, type, transport));
    const bool has = asked.HasData();
    facts.targets.push_back(has ? TargetsOf(*asked.response, port) : std::vector<std::string>());
  }
  if (type == wire::Type::kSrv) ResolveSome(dns_port, facts);
  if (!facts.found.empty() || facts.each.empty() || facts.each[0].silent) return facts;
  facts.proven = AskFirst(facts, whole, type, dns_port, {.dnssec_ok = true});
  facts.unchecked = AskFirst(facts, whole, type, dns_port, {.checking_disabled = true});
  facts.shard = AskFirst(facts, std::string(kShard) + whole, type, dns_port, {});
  return facts;
}

}  // namespace rollcall::doctor
