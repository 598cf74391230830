#include "answer/group.h"

#include <gtest/gtest.h>

#include <deque>
#include <string_view>
#include <vector>

namespace rollcall::answer {
namespace {

struct Member {
  std::string_view key;
  std::string_view group = "";
};

struct GroupCase {
  std::string_view name;
  std::vector<Member> members;
  std::vector<std::size_t> kept;
};

std::vector<std::size_t> Kept(const std::vector<Member>& members) {
  std::deque<catalog::Registration> registrations;
  std::vector<const catalog::Registration*> services;
  for (const Member& member : members) {
    auto& registration = registrations.emplace_back();
    registration.key = member.key;
    registration.service.group = member.group;
    services.push_back(&registration);
  }
  services.resize(KeepGroup(services));
  std::vector<std::size_t> kept;
  for (const auto* service : services) {
    for (std::size_t i = 0; i < registrations.size(); ++i) {
      if (&registrations[i] == service) kept.push_back(i);
    }
  }
  return kept;
}

// The cases of SkyDNS's and CoreDNS's own tests, and what reading the code adds.
TEST(KeepGroup, KeepsWhatCoreDnsKeeps) {
  const GroupCase examples[] = {
      {"nothing", {}, {}},
      {"no groups", {{"/p/z/a"}, {"/p/z/b/c"}}, {0, 1}},
      {"one", {{"/p/z/a", "g6"}}, {0}},
      {"the shallower counts, though it comes later",
       {{"b/sub/dom1/skydns/test", "g1"}, {"a/dom1/skydns/test", "g2"}},
       {1}},
      {"disagreement at one depth: all",
       {{"region1/skydns/test", "g1"}, {"region1/skydns/test", "g2"}},
       {0, 1}},
      {"the deeper of another group goes", {{"/p/a", "g1"}, {"/p/s/a", "g2"}}, {0}},
      {"one without a group stays", {{"/p/a", "g1"}, {"/p/s/a", "g2"}, {"/p/s/b"}}, {0, 2}},
      {"one without a group beside the first stays",
       {{"/p/a", "g1"}, {"/p/b"}, {"/p/s/a", "g2"}},
       {0, 1}},
      {"the same group at both depths", {{"/p/a", "g5"}, {"/p/b"}, {"/p/s/a", "g5"}}, {0, 1, 2}},
      {"a shallower one without a group ends the scan",
       {{"/p/z/a/x", "g1"}, {"/p/z/b"}, {"/p/z/c", "g2"}},
       {0, 1}},
      {"the first without a group: all",
       {{"/p/z/a"}, {"/p/z/b", "g1"}, {"/p/z/c/x", "g2"}},
       {0, 1, 2}},
      {"names compare exactly", {{"/p/a", "g"}, {"/p/s/a", "G"}}, {0}},
  };
  for (const GroupCase& example : examples) {
    EXPECT_EQ(Kept(example.members), example.kept) << example.name;
  }
}

}  // namespace
}  // namespace rollcall::answer
