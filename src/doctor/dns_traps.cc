#include "doctor/dns_traps.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "wire/record.h"

namespace rollcall::doctor {
namespace {

using End = Lookup::End;
using wire::Rcode;
using enum Severity;

constexpr std::size_t kBindLimit = 100;  // max-records-per-type, since BIND 9.18.28
constexpr std::size_t kNearBindLimit = 80;
constexpr std::size_t kNearWall = 52428;  // 80 % of what a message holds
constexpr std::uint32_t kLongTtl = 60;    // seconds
constexpr std::size_t kMostTold = 4;      // servers of a failed lookup that a message names

bool IsBelow(const std::string& name, std::string_view top) {
  const std::string_view whole = name.ends_with('.')
                                     ? std::string_view(name).substr(0, name.size() - 1)
                                     : std::string_view(name);
  return EndsWithIgnoreCase(whole, top) &&
         (whole.size() == top.size() || whole[whole.size() - top.size() - 1] == '.');
}

// From a resolver in between, and not from who has the zone.
bool IsSecondHand(const Asked& asked) {
  return asked.response && !asked.response->authoritative;
}

const wire::Record* SoaOf(const Asked& asked) {
  for (const wire::Record& record : asked.response->authority) {
    if (record.type == wire::Type::kSoa) return &record;
  }
  return nullptr;
}

// The signed root's word that there is no such top domain.
bool IsDeniedByRoot(const Asked& asked) {
  if (!asked.Is(Rcode::kNxDomain)) return false;
  const wire::Record* soa = SoaOf(asked);
  return asked.response->authentic_data || (soa != nullptr && soa->owner.IsRoot());
}

std::string Outcomes(const std::vector<Asked>& asked) {
  std::string text;
  for (std::size_t i = 0; i < asked.size() && i < kMostTold; ++i) {
    fmt::format_to(std::back_inserter(text), "{}{} ({}): {}", i == 0 ? "" : "; ", asked[i].server,
                   asked[i].transport == Transport::kUdp ? "UDP" : "TCP", asked[i].Outcome());
  }
  if (asked.size() > kMostTold) {
    fmt::format_to(std::back_inserter(text), "; and {} more", asked.size() - kMostTold);
  }
  return text;
}

class Judge {
 public:
  Judge(const DnsFacts& facts, Check& check) : facts_(facts), check_(check) {}

  void Run() {
    switch (facts_.lookup.end) {
      case End::kAnswer:
        Answered();
        break;
      case End::kNoName:
        NoName();
        break;
      case End::kFailed:
        Failed();
        break;
    }
    ForeignServers();
    DeadServers();
    if (IsBelow(facts_.name, "local")) {
      check_.Add(
          kWarning, "local",
          fmt::format("{} is below .local, which belongs to multicast DNS.", facts_.name),
          "systemd-resolved and others may never ask a nameserver for it; prefer a zone below "
          ".internal, or a domain of yours.");
    }
  }

 private:
  void Answered() {
    const Asked& answer = facts_.lookup.asked.back();
    check_.counts = true;
    check_.targets = facts_.found;
    if (facts_.found.empty()) {
      Empty(answer);
    } else {
      check_.Add(
          kSuccess, "",
          fmt::format("{} targets, from {} by {}, {} octets", facts_.found.size(), answer.server,
                      answer.transport == Transport::kUdp ? "UDP" : "TCP", answer.octets),
          "");
    }
    Search(answer);
    Size(answer);
    Ttl(answer);
    OddRecords(answer);
    Addresses();
  }

  void Empty(const Asked& answer) {
    const bool aliases = !answer.response->answer.empty();
    check_.Add(kWarning, "no_targets",
               fmt::format("{} exists, but has no {} records{}: Prometheus has no target.",
                           answer.name, facts_.type, aliases ? " that make a target" : ""),
               "If it should have some: is the name spelled as it was registered, and is the type "
               "right? `rollcall explain` tells of one target.");
  }

  void Search(const Asked& answer) {
    const std::string whole = facts_.name.ends_with('.') ? facts_.name : facts_.name + ".";
    if (answer.name == whole) return;
    const bool stops = facts_.found.empty();
    check_.Add(stops ? kFailed : kWarning, "search_list",
               fmt::format("The answer is that of {}, by the search list of resolv.conf{}.",
                           answer.name, stops ? ", and ends the search though it is empty" : ""),
               fmt::format("Write the name with a dot at its end: \"{}\".", whole));
  }

  void Size(const Asked& answer) {
    const std::size_t records = answer.response->answer.size();
    if (IsSecondHand(answer) && records > kNearBindLimit && records <= kBindLimit) {
      check_.Add(kWarning, "record_limit",
                 fmt::format("{} records come through the resolver {}; if it is BIND, it says "
                             "SERVFAIL from {} on.",
                             records, answer.server, kBindLimit + 1),
                 "Set `max-records-per-type 0;` in its options, or ask a rollcall directly.");
    }
    if (answer.octets >= kNearWall) {
      check_.Add(kWarning, "near_64k",
                 fmt::format("The answer has {} of at most 65535 octets; beyond that the list "
                             "freezes.",
                             answer.octets),
                 "Shard the job (_shard0of2 in front of the name), or use http_sd.");
    }
  }

  void Ttl(const Asked& answer) {
    if (!IsSecondHand(answer) || answer.response->answer.empty()) return;
    std::uint32_t ttl = 0xffffffff;
    for (const wire::Record& record : answer.response->answer) ttl = std::min(ttl, record.ttl);
    if (ttl <= kLongTtl) return;
    check_.Add(kWarning, "long_ttl",
               fmt::format("The resolver {} keeps the answer for {} s more: Prometheus hears of "
                           "changes that late.",
                           answer.server, ttl),
               "Limit its cache (max-cache-ttl 15 in BIND, cache-max-ttl 15 in unbound).");
  }

  void OddRecords(const Asked& answer) {
    std::size_t odd = 0;
    std::size_t roots = 0;
    for (const wire::Record& record : answer.response->answer) {
      using wire::Type;
      odd += record.type != Type::kCname && !DnsSdType(wire::ToText(record.type)) ? 1 : 0;
      const auto* srv = std::get_if<wire::Srv>(&record.rdata);
      roots += srv != nullptr && srv->target.IsRoot() ? 1 : 0;
    }
    if (odd > 0) {
      check_.Add(kWarning, "odd_records",
                 fmt::format("{} records are of a type that Prometheus passes over.", odd),
                 "It logs a warning for each, at every refresh.");
    }
    if (roots > 0) {
      check_.Add(kFailed, "root_target", "A record of type SRV has the target \".\".",
                 "Prometheus makes the target \":0\" of it; whoever serves the zone must leave it "
                 "out.");
    }
  }

  void Addresses() {
    if (facts_.without_address.empty()) return;
    check_.Add(
        kFailed, "no_address",
        fmt::format("{} of {} targets that were tried have no address, {} for one.",
                    facts_.without_address.size(), facts_.resolved, facts_.without_address[0]),
        "A scrape looks the name up by the same nameservers: they must know it too.");
  }

  void NoName() {
    check_.counts = true;
    check_.Add(kFailed, "no_name",
               fmt::format("{} does not exist, says {}: Prometheus drops every target of it.",
                           facts_.name, facts_.lookup.asked.back().server),
               "Is something registered under it, and does the nameserver know the zone?");
    Denied();
    const Asked& last = facts_.lookup.asked.back();
    const wire::Record* soa = SoaOf(last);
    if (!IsSecondHand(last) || soa == nullptr) return;
    const std::uint32_t ttl = std::min(soa->ttl, std::get<wire::Soa>(soa->rdata).minimum);
    if (ttl <= kLongTtl) return;
    check_.Add(kWarning, "long_negative_ttl",
               fmt::format("The resolver {} goes on saying so for {} s, whatever is registered "
                           "meanwhile.",
                           last.server, ttl),
               "Limit its cache of what is not there (max-ncache-ttl 5 in BIND, "
               "cache-max-negative-ttl 5 in unbound).");
  }

  void Denied() {
    const bool private_top = IsBelow(facts_.name, "internal") || IsBelow(facts_.name, "local");
    const bool denied = (facts_.proven && IsDeniedByRoot(*facts_.proven)) ||
                        std::ranges::any_of(facts_.lookup.asked, IsDeniedByRoot);
    if (!private_top || !denied) return;
    check_.Add(kFailed, "validating_resolver",
               "The resolver has it from the signed root of the DNS that there is no such top "
               "domain.",
               "Tell it that the zone is yours: `validate-except` and a forward zone in BIND, "
               "`domain-insecure` and a stub-zone in unbound.");
  }

  void Failed() {
    const auto& asked = facts_.lookup.asked;
    check_.Add(kFailed, "lookup_failed",
               fmt::format("No nameserver gives a usable answer: {}.",
                           asked.empty() ? "there is none" : Outcomes(asked)),
               "Prometheus keeps the targets it has, and has none after a restart.");
    if (std::ranges::any_of(asked, [](const Asked& one) {
          return one.transport == Transport::kTcp && one.response && one.response->truncated;
        })) {
      check_.Add(kFailed, "over_64k", "The answer is larger than a DNS message can be.",
                 "Shard the job (_shard0of2 in front of the name), or use http_sd, which has no "
                 "limit.");
      return;
    }
    const bool servfail =
        std::ranges::any_of(asked, [](const Asked& one) { return one.Is(Rcode::kServFail); });
    if (servfail && facts_.shard && facts_.shard->Is(Rcode::kNoError)) {
      check_.Add(
          kFailed, "record_limit",
          fmt::format("The resolver {} answers for a shard of the name, but not for the "
                      "whole: it has more than {} records.",
                      facts_.shard->server, kBindLimit),
          "BIND stops there; set `max-records-per-type 0;` in its options, shard the job, or "
          "ask a rollcall directly.");
    } else if (servfail && facts_.unchecked && facts_.unchecked->Usable()) {
      check_.Add(
          kFailed, "validating_resolver",
          fmt::format("The resolver {} has an answer, which it does not believe for want of "
                      "signatures.",
                      facts_.unchecked->server),
          "Tell it that the zone is unsigned: `validate-except` in BIND, `domain-insecure` in "
          "unbound.");
    }
    const bool refused =
        std::ranges::any_of(asked, [](const Asked& one) { return one.Is(Rcode::kRefused); });
    if (refused && std::ranges::all_of(asked, [](const Asked& one) {
          return one.Usable() || one.Is(Rcode::kRefused);
        })) {
      check_.Add(kFailed, "refused", "Every nameserver refuses the name: none serves its zone.",
                 "Is it spelled right, and is the zone among those of `rollcall serve --zone`?");
    }
  }

  // The first usable answer counts: a server of others speaks as soon as those before it are
  // silent.
  void ForeignServers() {
    if (facts_.each.size() < 2) return;
    const auto has = [&](std::size_t i) { return !facts_.targets[i].empty(); };
    const auto denies = [&](std::size_t i) { return facts_.each[i].Usable() && !has(i); };
    for (std::size_t i = 0; i < facts_.each.size(); ++i) {
      const std::string& server = facts_.each[i].server;
      if (facts_.found.empty() && has(i)) {
        check_.Add(kFailed, "foreign_nameserver",
                   fmt::format("{} has {} targets for the name, but is not heard: a nameserver "
                               "before it has the word.",
                               server, facts_.targets[i].size()),
                   "Leave only nameservers in resolv.conf that know the zone.");
      } else if (!facts_.found.empty() && denies(i)) {
        check_.Add(
            kWarning, "foreign_nameserver",
            fmt::format("{} says that there are no targets ({}): when those before it do not "
                        "answer, Prometheus drops all {}.",
                        server, facts_.each[i].Outcome(), facts_.found.size()),
            "Take it out of resolv.conf, or make it know the zone.");
      } else if (!facts_.found.empty() && has(i) && facts_.targets[i] != facts_.found) {
        check_.Add(kWarning, "nameservers_differ",
                   fmt::format("{} gives {} targets, and not the same ones.", server,
                               facts_.targets[i].size()),
                   "Are both on the same store, and is one of them a cache?");
      }
    }
  }

  void DeadServers() {
    if (facts_.lookup.end == End::kFailed) return;  // told
    for (const Asked& asked : facts_.each) {
      if (asked.error.empty()) continue;
      check_.Add(kWarning, "dead_nameserver",
                 fmt::format("{} is of no use: {}.", asked.server, asked.error),
                 asked.silent ? "Each lookup waits 2 s for it." : "Take it out of resolv.conf.");
    }
    for (const Asked& asked : facts_.each) {
      if (!asked.Is(Rcode::kServFail) || facts_.found.size() <= kBindLimit) continue;
      check_.Add(kWarning, "record_limit",
                 fmt::format("{} says SERVFAIL, and the name has {} records.", asked.server,
                             facts_.found.size()),
                 "If it is BIND: set `max-records-per-type 0;` in its options.");
    }
  }

  const DnsFacts& facts_;
  Check& check_;
};

}  // namespace

void JudgeDns(const DnsFacts& facts, Check& check) {
  Judge(facts, check).Run();
}

void JudgeResolvConf(const ResolvConf& conf, Check& check) {
  for (const std::string& server : conf.servers) {
    std::uint8_t address[sizeof(in6_addr)];
    const std::string bare = server.substr(0, server.find('%'));
    if (::inet_pton(AF_INET, server.c_str(), address) == 1) continue;
    if (::inet_pton(AF_INET6, bare.c_str(), address) == 1) continue;
    check.Add(kFailed, "no_address", fmt::format("The nameserver {} is no address.", server),
              "Prometheus would need a nameserver to find it.");
  }
  if (conf.servers.empty()) {
    check.Add(kFailed, "no_nameserver", "There is no nameserver in it: every lookup fails.",
              "Prometheus does not ask 127.0.0.1 then, as the C library does; write it down.");
  } else if (check.findings.empty()) {
    check.Add(
        kSuccess, "",
        fmt::format("{} nameserver{}{}", conf.servers.size(), conf.servers.size() == 1 ? "" : "s",
                    conf.search.empty() ? "" : ", and a search list"),
        "");
  }
}

}  // namespace rollcall::doctor
