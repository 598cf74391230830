#include "catalog/registration.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall::catalog {
namespace {

RegistrationPtr MakeOf(const std::string& value, const Registration* before = nullptr) {
  return MakeRegistration("/skydns",
                          {.key = "/skydns/internal/prom/Node/a",
                           .value = value,
                           .mod_revision = before == nullptr ? 7 : before->mod_revision + 1,
                           .lease = 5},
                          before)
      .value();
}

TEST(MakeRegistration, HoldsTheValueAndItsMeaning) {
  const auto made = MakeOf(R"({"host":"10.1.2.3","port":9100,"priority":1,"weight":2,"text":"t",)"
                           R"("mail":true,"ttl":60,"targetstrip":1,"group":"g",)"
                           R"("rollcall":{"owner":"agent:a"}})");
  EXPECT_TRUE(made->valid);
  EXPECT_TRUE(made->usable());
  EXPECT_EQ(made->key, "/skydns/internal/prom/Node/a");
  EXPECT_EQ(made->name, std::string_view("\1a\4Node\4prom\10internal\0", 22));
  EXPECT_EQ(made->prefix_size, 7);
  EXPECT_EQ(made->lease, 5);
  EXPECT_EQ(made->mod_revision, 7);
  EXPECT_EQ(made->service.host, "10.1.2.3");
  EXPECT_EQ(made->service.port, 9100);
  EXPECT_EQ(made->service.priority, 1);
  EXPECT_EQ(made->service.weight, 2);
  EXPECT_EQ(made->service.text, "t");
  EXPECT_TRUE(made->service.mail);
  EXPECT_EQ(made->service.ttl, 60U);
  EXPECT_EQ(made->service.target_strip, 1);
  EXPECT_EQ(made->service.group, "g");
  EXPECT_EQ(made->host.kind, model::HostKind::kIpv4);
  EXPECT_EQ(made->host.address[3], 3);
  ASSERT_TRUE(made->extension);
  EXPECT_EQ(made->extension->owner, "agent:a");
  EXPECT_FALSE(made->invalid);
}

TEST(MakeRegistration, HoldsAHostNameInWireForm) {
  const auto made = MakeOf(R"({"host":"A.b"})");
  EXPECT_EQ(made->host.kind, model::HostKind::kName);
  EXPECT_EQ(made->host.name, std::string_view("\1A\1b\0", 5));
  EXPECT_FALSE(made->extension);
}

TEST(MakeRegistration, ABrokenFirstValueGivesNothing) {
  const auto made = MakeOf("x");
  EXPECT_FALSE(made->valid);
  EXPECT_FALSE(made->usable());
  ASSERT_TRUE(made->invalid);
  EXPECT_EQ(made->invalid->flaw, model::Flaw::kJson);
}

TEST(MakeRegistration, ABrokenHostIsABrokenValue) {
  const auto made = MakeOf(R"({"host":"a..b"})");
  EXPECT_FALSE(made->usable());
  EXPECT_EQ(made->invalid->flaw, model::Flaw::kHost);
}

TEST(MakeRegistration, ABrokenValueKeepsTheLastReadableOne) {
  auto before = MakeOf(R"({"host":"h.test","port":1,"group":"g","rollcall":{"owner":"o"}})");
  auto broken = MakeOf("x", before.get());
  before.reset();  // nothing is borrowed from it
  auto again = MakeOf("y", broken.get());
  broken.reset();
  EXPECT_FALSE(again->valid);
  EXPECT_TRUE(again->usable());
  EXPECT_EQ(again->mod_revision, 9);
  EXPECT_EQ(again->service.host, "h.test");
  EXPECT_EQ(again->service.port, 1);
  EXPECT_EQ(again->service.group, "g");
  EXPECT_EQ(again->host.name, std::string_view("\1h\4test\0", 8));
  EXPECT_EQ(again->extension->owner, "o");
  EXPECT_EQ(again->invalid->flaw, model::Flaw::kJson);

  const auto mended = MakeOf(R"({"host":"10.0.0.1"})", again.get());
  EXPECT_TRUE(mended->valid);
  EXPECT_FALSE(mended->readable_before);
  EXPECT_EQ(mended->service.port, 0);
  EXPECT_FALSE(mended->invalid);
}

TEST(MakeRegistration, ABrokenValueBehindAnUnreadableOneGivesNothing) {
  const auto before = MakeOf("x");
  EXPECT_FALSE(MakeOf("y", before.get())->usable());
}

TEST(MakeRegistration, ABrokenExtensionIsToldAndLosesNothing) {
  const auto made = MakeOf(R"({"host":"10.0.0.1","rollcall":1})");
  EXPECT_TRUE(made->valid);
  EXPECT_EQ(made->service.host, "10.0.0.1");
  ASSERT_TRUE(made->invalid);
  EXPECT_EQ(made->invalid->message, "member rollcall: 1 is not an object");
}

TEST(MakeRegistration, AKeyThatIsNoNameHasNoPlace) {
  const auto made = MakeRegistration("/skydns", {.key = "/skydns//k", .value = "{}"}, nullptr);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().flaw, model::Flaw::kKey);
}

TEST(MakeRegistration, AKeyWithASelectorsLabelHasNoPlace) {
  for (const char* key : {"/skydns/test/_healthy", "/skydns/test/_Healthy/a",
                          "/skydns/test/a/_shard0of4", "/skydns/test/a._healthy"}) {
    const auto made = MakeRegistration("/skydns", {.key = key, .value = "{}"}, nullptr);
    ASSERT_FALSE(made) << key;
    EXPECT_EQ(made.error().flaw, model::Flaw::kKey) << key;
  }
  EXPECT_TRUE(
      MakeRegistration("/skydns", {.key = "/skydns/test/_tcp/_http", .value = "{}"}, nullptr));
}

TEST(MakeRegistration, AKeyWithAnEmptyComponentAnswersForTheNamesAboveItOnly) {
  const auto made =
      MakeRegistration("/skydns", {.key = "/skydns/test/d//k", .value = "{}"}, nullptr);
  ASSERT_TRUE(made);
  EXPECT_TRUE((*made)->nameless);
  EXPECT_EQ(wire::NameView((*made)->name).ToText(), "d.test.");
}

}  // namespace
}  // namespace rollcall::catalog
