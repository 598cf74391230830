// What a name stands for, beside what SRV answers for it.
#include "answer/instances.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "answer/fixture.h"

namespace rollcall::answer {
namespace {

using model::Area;
using model::Health;
using model::HostKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::N;
using testing::ResolveTest;
using testing::Texts;
using wire::Type;

class InstancesTest : public ResolveTest {
 protected:
  Instances Find(std::string_view name, Hosts hosts = Hosts::kResolved) {
    const wire::Name asked = N(name);
    const Zone* const zone = zones_.Match(asked);
    return FindInstances(view_, zones_, *zone, Choose(*zone, asked), hosts, context_.wall_now);
  }
  // "TARGET:PORT", sorted.
  Texts Targets(std::string_view name) {
    Texts texts;
    for (const Instance& one : Find(name).all) {
      texts.push_back(TargetText(*one.registration) + ":" +
                      std::to_string(PortOf(*one.registration)));
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  Texts SrvTargets(std::string_view name) {
    Texts texts;
    for (const wire::Record& record : Ask(name, Type::kSrv).answer) {
      const auto& srv = std::get<wire::Srv>(record.rdata);
      std::string target = srv.target.ToText();
      target.pop_back();
      texts.push_back(target + ":" + std::to_string(srv.port));
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  std::uint64_t Touched(std::string_view name) {
    const wire::Name asked = N(name);
    return TouchedAt(view_, *zones_.Match(asked), asked);
  }
};

TEST_F(InstancesTest, AreThoseOfTheSrvAnswerWhateverTheName) {
  PutHost("test/z/s/a", "10.0.0.1");
  PutOwned("test/z/s/b", "10.0.0.2", Health::kCritical);
  PutHost("test/z/s/deep/c", "2001:db8::1");
  PutHost("test/z/s", "10.0.0.9");  // hidden by what is below it
  Put("test/z/s/nameless//x", R"({"host":"10.0.0.3","port":1})");
  Put("test/z/s/none", R"({"host":"10.0.0.4","port":-1})");
  Put("test/z/s/zero", R"({"host":"10.0.0.5"})");
  Put("test/z/s/odd", R"({"host":"10.0.0.6","port":70000})");
  Put("test/z/s/text", R"({"text":"only"})");
  Put("test/z/s/bad", "{");
  PutHost("test/z/s/name", "a.s.z.test");
  PutHost("test/z/s/outside", "www.example.org");
  Put("test/z/t/named", R"({"host":"www.example.org","port":2,"text":"t"})");
  Put("test/z/g/a", R"({"host":"10.0.1.1","port":3,"group":"g1"})");
  Put("test/z/g/x/b", R"({"host":"10.0.1.2","port":3,"group":"g2"})");
  Put("test/z/p/a", R"({"host":"10.0.2.1","port":4,"targetstrip":1})");
  for (const char* name :
       {"s.z.test", "a.s.z.test", "*.s.z.test", "c.*.s.z.test", "t.z.test", "g.z.test", "p.z.test",
        "none.s.z.test", "_healthy.s.z.test", "_shard0of2.s.z.test", "_shard1of2._healthy.z.test",
        "z.test", "nowhere.z.test", "S.Z.TEST"}) {
    EXPECT_EQ(Targets(name), SrvTargets(name)) << name;
  }
  EXPECT_EQ(Targets("s.z.test").size(), 7U);
}

TEST_F(InstancesTest, HostsAreFoundInOurZonesAndElseStayNames) {
  PutHost("test/z/h/v4", "10.0.0.1");
  PutHost("test/z/h/v6", "2001:db8::1");
  PutHost("test/z/h/alias", "v4.h.z.test");
  PutHost("test/y/both/a", "2001:db8::2");
  PutHost("test/y/both/b", "10.0.0.2");
  PutHost("test/z/s/a", "v4.h.z.test");
  PutHost("test/z/s/b", "v6.h.z.test");
  PutHost("test/z/s/c", "alias.h.z.test");
  PutHost("test/z/s/d", "both.y.test");
  PutHost("test/z/s/e", "nowhere.z.test");
  PutHost("test/z/s/f", "www.example.org");
  PutHost("test/z/s/g", "10.0.0.300");
  PutHost("test/z/s/h", "10.0.0.8");
  const Instances found = Find("s.z.test");
  EXPECT_TRUE(found.elsewhere);
  std::string kinds;
  for (const Instance& one : found.all) {
    kinds += one.kind == HostKind::kIpv4 ? '4' : one.kind == HostKind::kIpv6 ? '6' : 'n';
  }
  EXPECT_EQ(kinds, "4644nnn4");
  EXPECT_EQ(found.all[3].address[3], 2) << "A before AAAA";
  EXPECT_FALSE(Find("h.s.z.test").elsewhere);
  EXPECT_FALSE(Find("s.z.test", Hosts::kAsWritten).elsewhere);
}

TEST_F(InstancesTest, WhatIsThereAndWhatIsNotAreToldApart) {
  PutOwned("test/z/ill/a", "10.0.0.1", Health::kCritical);
  Put("test/z/bad/a", "{");
  Put("test/z/text/a", R"({"text":"only"})");
  EXPECT_EQ(Find("ill.z.test").presence, Presence::kThere);
  EXPECT_EQ(Find("_healthy.ill.z.test").presence, Presence::kThere);
  EXPECT_THAT(Find("_healthy.ill.z.test").all, IsEmpty());
  EXPECT_EQ(Find("bad.z.test").presence, Presence::kUnreadable);
  EXPECT_EQ(Find("text.z.test").presence, Presence::kThere);
  EXPECT_EQ(Find("nowhere.z.test").presence, Presence::kAbsent);
}

TEST_F(InstancesTest, OutliveTheView) {
  PutHost("test/z/s/a", "10.0.0.1");
  const Instances found = Find("s.z.test");
  EXPECT_TRUE(view_.tree.Erase("/skydns/test/z/s/a", 9));
  EXPECT_EQ(found.all[0].registration->service.port, 9100);
}

TEST_F(InstancesTest, WhenAnAnswerMayHaveChangedNeverGoesBack) {
  std::uint64_t publication = 0;
  const auto at = [&](auto change) {
    view_.changes = ++publication;
    view_.tree.BeginPublication(publication);
    change();
  };
  EXPECT_EQ(Touched("a.s.z.test"), 0U);
  at([&] { PutHost("test/z/t/x", "10.0.0.1"); });
  EXPECT_EQ(Touched("s.z.test"), 1U) << "not there: as of what is above it";
  at([&] { PutHost("test/z/s/a", "10.0.0.1"); });
  at([&] { PutHost("test/z/t/y", "10.0.0.1"); });
  EXPECT_EQ(Touched("s.z.test"), 2U);
  EXPECT_EQ(Touched("_x.s.z.test"), 2U);
  EXPECT_EQ(Touched("a.*.z.test"), 3U) << "anything in the zone may answer it";
  at([&] { EXPECT_TRUE(view_.tree.Erase("/skydns/test/z/s/a", 9)); });
  EXPECT_EQ(Touched("s.z.test"), 4U);
  view_.maintenance_touched = view_.changes = ++publication;
  EXPECT_EQ(Touched("t.z.test"), 5U);
}

}  // namespace
}  // namespace rollcall::answer
