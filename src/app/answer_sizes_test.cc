#include "app/answer_sizes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "catalog/registration.h"

namespace rollcall::app {
namespace {

using catalog::Standing;
using ::testing::HasSubstr;
using ::testing::Not;

class AnswerSizesTest : public ::testing::Test {
 protected:
  static answer::Zones::Options Zone() {
    answer::Zones::Options options;
    options.names = {*wire::Name::FromText("prom.internal")};
    return options;
  }
  // SERVICE.prom.internal with instances s0000, s0001, ...
  void Register(const std::string& service, int count) {
    publisher_.Apply([&](catalog::View& view) {
      view.tree.BeginPublication(++view.changes);
      for (int i = 0; i < count; ++i) {
        store::KeyValue kv;
        kv.key = "/skydns/internal/prom/" + service + "/s" + std::to_string(1000 + i);
        kv.value = R"({"host":"192.0.2.1","port":9100})";
        kv.mod_revision = 7;
        view.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
      }
    });
  }
  std::string Shown(std::vector<std::string> names, Standing standing = Standing::kSynced) {
    sizes_.Measure(std::move(names), standing);
    Metrics metrics;
    sizes_.Collect(metrics);
    return metrics.Text();
  }

  catalog::Publisher publisher_;
  answer::Zones zones_{Zone()};
  AnswerSizes sizes_{publisher_, zones_};
};

TEST_F(AnswerSizesTest, WhatAResolverCutsIsShown) {
  Register("few", 100);
  Register("many", 101);
  const std::string text = Shown({"few.prom.internal", "Many.prom.internal", "no.prom.internal"});
  EXPECT_THAT(text, HasSubstr("rollcall_answer_records{name=\"many.prom.internal\"} 101\n"));
  EXPECT_THAT(text, Not(HasSubstr("few")));
  EXPECT_THAT(text, Not(HasSubstr("ratio")));
}

TEST_F(AnswerSizesTest, WhatFillsAMessageIsShown) {
  Register("node", 1000);
  const std::string text = Shown({"node.prom.internal", "_shard0of8.node.prom.internal"});
  EXPECT_THAT(text, HasSubstr("rollcall_answer_size_ratio{name=\"node.prom.internal\"} 0."));
  EXPECT_THAT(text, HasSubstr("rollcall_answer_records{name=\"_shard0of8.node.prom.internal\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("ratio{name=\"_shard0of8"))) << "a shard takes what it takes";
  Register("node", 2000);
  EXPECT_THAT(Shown({"node.prom.internal"}),
              HasSubstr("rollcall_answer_size_ratio{name=\"node.prom.internal\"} 1."))
      << "measured again, and more than a message holds";
  EXPECT_THAT(Shown({}), "") << "names that nobody names are forgotten";
}

TEST_F(AnswerSizesTest, WhatWasMeasuredBeforeItWasKnownIsMeasuredAgain) {
  Register("node", 200);
  (void)Shown({"node.prom.internal"}, Standing::kNever);
  EXPECT_THAT(Shown({"node.prom.internal"}), HasSubstr("} 200\n"));
}

TEST_F(AnswerSizesTest, ManyNamesTakeSeveralTurns) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < AnswerSizes::kPiece + 5; ++i) {
    Register("s" + std::to_string(i), 101);
    names.push_back("s" + std::to_string(i) + ".prom.internal");
  }
  const auto count = [&] {
    const std::string text = Shown(names);
    std::size_t rows = 0;
    for (std::size_t at = 0; (at = text.find("} 101\n", at)) != text.npos; ++at) ++rows;
    return rows;
  };
  EXPECT_EQ(count(), AnswerSizes::kPiece);
  EXPECT_EQ(count(), names.size());
}

}  // namespace
}  // namespace rollcall::app
