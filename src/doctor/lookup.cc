#include "doctor/lookup.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "wire/build_query.h"

namespace rollcall::doctor {
namespace {

constexpr std::uint16_t kEdnsSize = 4096;

std::uint16_t AnyId() {
  static thread_local std::random_device random;
  return static_cast<std::uint16_t>(random());
}

void AskOnce(const Nameserver& server, const wire::Name& name, wire::Type type, Manner manner,
             Asked& asked) {
  wire::Question question;
  question.name = name;
  question.type = type;
  wire::QueryOptions options{.id = AnyId(), .checking_disabled = manner.checking_disabled};
  if (manner.edns) options.edns_udp_size = kEdnsSize;
  options.dnssec_ok = manner.dnssec_ok;
  asked.transport = manner.transport;
  asked.response.reset();
  const auto message = Exchange(server, wire::BuildQuery(question, options), manner.transport);
  if (!message) {
    asked.error = message.error().message;
    asked.silent = message.error().code == ErrorCode::kDeadline;
    return;
  }
  asked.octets = message->size();
  auto response = wire::DecodeResponse(*message);
  if (!response) {
    asked.error = response.error().message;
    return;
  }
  asked.response = *std::move(response);
}

std::string HostPort(const std::string& host, std::uint16_t port) {
  return ToText(Nameserver{host, port});
}

std::string WithoutDots(wire::NameView name) {
  std::string text = name.ToText();
  while (text.ends_with('.')) text.pop_back();
  return text;
}

template <std::size_t N>
std::string AddressText(const std::array<std::uint8_t, N>& address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(N == 4 ? AF_INET : AF_INET6, address.data(), text, sizeof text);
  return text;
}

// The target that a record makes; "": none.
std::string TargetOf(const wire::Record& record, std::uint16_t port) {
  if (const auto* srv = std::get_if<wire::Srv>(&record.rdata)) {
    return HostPort(WithoutDots(srv->target), srv->port);
  }
  if (const auto* mx = std::get_if<wire::Mx>(&record.rdata)) {
    return HostPort(WithoutDots(mx->exchange), port);
  }
  if (const auto* a = std::get_if<wire::A>(&record.rdata)) {
    return HostPort(AddressText(a->address), port);
  }
  if (const auto* aaaa = std::get_if<wire::Aaaa>(&record.rdata)) {
    return HostPort(AddressText(aaaa->address), port);
  }
  const auto* ns = std::get_if<wire::NameData>(&record.rdata);
  return ns != nullptr && record.type == wire::Type::kNs ? HostPort(WithoutDots(ns->name), port)
                                                         : std::string();
}

}  // namespace

bool Asked::Usable() const {
  return Is(wire::Rcode::kNoError) || Is(wire::Rcode::kNxDomain);
}

std::string Asked::Outcome() const {
  if (!error.empty()) return error;
  if (!Is(wire::Rcode::kNoError)) return wire::ToText(response->rcode);
  if (response->answer.empty()) return "no records";
  return fmt::format("{} records", response->answer.size());
}

Asked Ask(const Nameserver& server, const std::string& name, wire::Type type, Transport& transport,
          Manner manner) {
  Asked asked;
  asked.server = server.address;
  asked.name = name;
  const auto wire_name = wire::Name::FromText(name);
  if (!wire_name) {
    asked.error = wire_name.error().message;
    return asked;
  }
  manner.transport = transport;
  AskOnce(server, *wire_name, type, manner, asked);
  if (!asked.response || !asked.response->truncated) return asked;
  if (transport == Transport::kUdp) {
    transport = Transport::kTcp;
    manner.transport = Transport::kTcp;
    manner.edns = false;
    AskOnce(server, *wire_name, type, manner, asked);
  }
  if (asked.response && asked.response->truncated) asked.error = "truncated by TCP too";
  return asked;
}

Lookup LookUp(const ResolvConf& conf, const std::string& name, wire::Type type,
              std::uint16_t dns_port) {
  Lookup lookup;
  bool all_valid = true;
  for (const std::string& whole : NameList(conf, name)) {
    Transport transport = Transport::kUdp;  // the client is one for all servers of a name
    bool viable = false;
    for (const std::string& server : conf.servers) {
      lookup.asked.push_back(Ask({server, dns_port}, whole, type, transport));
      viable = lookup.asked.back().Usable();
      if (viable) break;
    }
    if (viable && lookup.asked.back().Is(wire::Rcode::kNoError)) {
      lookup.end = Lookup::End::kAnswer;
      return lookup;
    }
    all_valid = all_valid && viable;
  }
  if (all_valid) lookup.end = Lookup::End::kNoName;
  return lookup;
}

std::vector<std::string> TargetsOf(const wire::Response& response, std::uint16_t port) {
  std::vector<std::string> targets;
  for (const wire::Record& record : response.answer) {
    std::string target = TargetOf(record, port);
    if (!target.empty()) targets.push_back(std::move(target));
  }
  std::ranges::sort(targets);
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

}  // namespace rollcall::doctor
