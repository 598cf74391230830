// For this room's tests: a view from keys and values, and answers as text.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer/resolve.h"
#include "catalog/registration.h"

namespace rollcall::answer::testing {

using Texts = std::vector<std::string>;

inline wire::Name N(std::string_view text) {
  return wire::Name::FromText(text).value();
}

inline Texts ToTexts(const std::vector<wire::Record>& records) {
  Texts texts;
  for (const wire::Record& record : records) texts.push_back(ToText(record));
  return texts;
}

class ResolveTest : public ::testing::Test {
 protected:
  // `path` is below /skydns/: "test/z/a".
  void Put(const std::string& path, std::string value, store::LeaseId lease = 0) {
    store::KeyValue kv{.key = "/skydns/" + path, .value = std::move(value)};
    kv.mod_revision = ++view_.revision;
    kv.lease = lease;
    const catalog::RegistrationPtr before = view_.tree.FindKey(kv.key);
    const auto made = catalog::MakeRegistration("/skydns", kv, before.get()).value();
    view_.tree.Put(made);
    view_.marks.LookAt(kv.key, made.get());
  }
  // One that names an owner, with its health if it is alive.
  void PutOwned(const std::string& path, const std::string& host,
                std::optional<model::Health> health) {
    Put(path, R"({"host":")" + host + R"(","port":9100,"rollcall":{"owner":"agent:server01"}})");
    if (health) PutMark(model::Area::kAlive, "/skydns/" + path, {.health = health});
  }
  void PutMark(model::Area area, const std::string& subject, const model::Record& record) {
    view_.marks.Set(area, subject,
                    std::make_shared<const catalog::Mark>(catalog::Mark{record, true, 1}));
    view_.marks.LookAt(subject, view_.tree.FindKey(subject).get());
  }
  void PutHost(const std::string& path, const std::string& host) {
    Put(path, R"({"host":")" + host + R"(","port":9100})");
  }

  const Answer& Ask(std::string_view name, wire::Type type) {
    question_ = {N(name), type, wire::Class::kIn};
    const Zone* zone = zones_.Match(question_.name);
    EXPECT_NE(zone, nullptr);
    if (zone != nullptr) Resolve(view_, zones_, *zone, question_, context_, answer_);
    return answer_;
  }
  Texts Answers(std::string_view name, wire::Type type) { return ToTexts(Ask(name, type).answer); }

  // An outside name's reply, for Context::outside.
  void Reply(std::string_view name, wire::Type type, const std::vector<wire::Record>& records) {
    outside_.push_back({{N(name), type}, false, records});
  }

  catalog::View view_;
  Zones zones_{{.names = {N("z.test"), N("y.test")}, .default_ttl = 15, .negative_ttl = 5}};
  Context context_{.now = SteadyTime(std::chrono::hours(1)),
                   .wall_now = WallTime(std::chrono::hours(1000))};
  std::vector<OutsideResult> outside_;
  wire::Question question_;
  Answer answer_;
};

}  // namespace rollcall::answer::testing
