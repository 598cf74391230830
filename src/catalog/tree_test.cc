#include "catalog/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace rollcall::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

RegistrationPtr Make(const std::string& key, store::Revision revision = 1,
                     const std::string& prefix = "/skydns") {
  return MakeRegistration(prefix,
                          {.key = key, .value = R"({"host":"10.0.0.1"})", .mod_revision = revision},
                          nullptr)
      .value();
}

wire::Name NameFrom(const std::string& text) {
  return wire::Name::FromText(text).value();
}

const Node* Find(const Tree& tree, const std::string& name) {
  return tree.Find(NameFrom(name));
}

std::vector<std::string> KeysAt(const Tree& tree, const std::string& name, bool include_own) {
  std::vector<std::string> keys;
  const Node* const node = Find(tree, name);
  if (node == nullptr) return keys;
  tree.VisitSubtree(*node, include_own, [&](const Registration& registration) {
    keys.emplace_back(registration.key);
    return true;
  });
  return keys;
}

TEST(Tree, ANameIsThereWhileARegistrationIsAtOrBelowIt) {
  Tree tree;
  EXPECT_EQ(Find(tree, "."), nullptr);
  tree.Put(Make("/skydns/test/a/b/c"));
  for (const std::string name : {".", "test.", "a.test.", "b.a.test.", "c.b.a.test."}) {
    ASSERT_NE(Find(tree, name), nullptr) << name;
    EXPECT_EQ(Find(tree, name)->count(), 1U);
    EXPECT_EQ(Find(tree, name)->has_children(), name != "c.b.a.test.");
    EXPECT_EQ(Find(tree, name)->own().size(), name == "c.b.a.test." ? 1U : 0U);
  }
  for (const std::string name : {"c.", "x.c.b.a.test.", "x.a.test."}) {
    EXPECT_EQ(Find(tree, name), nullptr) << name;
  }
  EXPECT_TRUE(tree.Erase("/skydns/test/a/b/c", 2));
  for (const std::string name : {".", "test.", "a.test.", "b.a.test.", "c.b.a.test."}) {
    EXPECT_EQ(Find(tree, name), nullptr) << name;
  }
  EXPECT_EQ(tree.size(), 0U);
}

TEST(Tree, NamesAreFoundInAnyCase) {
  Tree tree;
  tree.Put(Make("/skydns/test/up/Upper"));
  ASSERT_NE(Find(tree, "uPPER.uP.tEST."), nullptr);
  EXPECT_EQ(Find(tree, "upper.up.test.")->own()[0]->key, "/skydns/test/up/Upper");
  EXPECT_EQ(Find(tree, "UPPER.UP.TEST.")->name().wire(), NameFrom("upper.up.test.").view().wire());
}

TEST(Tree, SpellingsOfOneNameAreAllAtIt) {
  Tree tree;
  for (const std::string key : {"/skydns/test/a/", "/skydns/test/a", "/skydns/test/A",
                                "/skydns/test/\\097", "/skydns/test/a/b", "/skydns/Test/a"}) {
    tree.Put(Make(key));
  }
  std::vector<std::string_view> own;
  for (const auto& registration : Find(tree, "a.test.")->own()) own.push_back(registration->key);
  EXPECT_THAT(own, ElementsAre("/skydns/Test/a", "/skydns/test/A", "/skydns/test/\\097",
                               "/skydns/test/a", "/skydns/test/a/"));
  EXPECT_EQ(Find(tree, "a.test.")->count(), 6U);
  EXPECT_THAT(KeysAt(tree, "a.test.", false), ElementsAre("/skydns/test/a/b"));
  EXPECT_THAT(KeysAt(tree, "test.", false),
              ElementsAre("/skydns/Test/a", "/skydns/test/A", "/skydns/test/\\097",
                          "/skydns/test/a", "/skydns/test/a/", "/skydns/test/a/b"));
  EXPECT_TRUE(tree.Erase("/skydns/test/a", 2));
  EXPECT_EQ(Find(tree, "a.test.")->own().size(), 4U);
}

TEST(Tree, SubtreesComeInByteOrderOfWholeKeys) {
  Tree tree;
  const std::vector<std::string> keys = {"/skydns/test/node",       "/skydns/test/node-x",
                                         "/skydns/test/node-x/a",   "/skydns/test/node.dot",
                                         "/skydns/test/node/a",     "/skydns/test/node/a-b",
                                         "/skydns/test/node/a/b",   "/skydns/test/node0",
                                         "/skydns/test/node\\.x/a", "/skydns/test/node_exporter"};
  ASSERT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) tree.Put(Make(*key));
  EXPECT_THAT(KeysAt(tree, "test.", false), ElementsAreArray(keys));
  EXPECT_THAT(KeysAt(tree, "node.test.", true),
              ElementsAre("/skydns/test/node", "/skydns/test/node/a", "/skydns/test/node/a-b",
                          "/skydns/test/node/a/b"));
  EXPECT_THAT(KeysAt(tree, "node.test.", false),
              ElementsAre("/skydns/test/node/a", "/skydns/test/node/a-b", "/skydns/test/node/a/b"));
  // A bare dot breaks labels: seen from `dot.test`, the key is a stray.
  EXPECT_THAT(KeysAt(tree, "dot.test.", false), ElementsAre("/skydns/test/node.dot"));
  EXPECT_THAT(KeysAt(tree, "node.dot.test.", true), ElementsAre("/skydns/test/node.dot"));
  EXPECT_THAT(KeysAt(tree, "node.dot.test.", false), IsEmpty());
}

TEST(Tree, ANamelessKeyIsBelowTheNameThatHoldsIt) {
  Tree tree;
  tree.Put(Make("/skydns/test/a//k"));
  const Node* const node = Find(tree, "a.test.");
  ASSERT_NE(node, nullptr);
  EXPECT_TRUE(node->own().empty());
  EXPECT_TRUE(node->has_children());
  EXPECT_THAT(KeysAt(tree, "a.test.", false), ElementsAre("/skydns/test/a//k"));
  for (const std::string key : {"a", "a/", "a/-x", "a/b"}) tree.Put(Make("/skydns/test/" + key));
  EXPECT_EQ(node->own().size(), 2U);
  EXPECT_THAT(KeysAt(tree, "a.test.", false),
              ElementsAre("/skydns/test/a/-x", "/skydns/test/a//k", "/skydns/test/a/b"));
  EXPECT_NE(tree.FindKey("/skydns/test/a//k"), nullptr);
  EXPECT_TRUE(tree.Erase("/skydns/test/a//k", 2));
  EXPECT_EQ(node->own().size(), 2U);
  EXPECT_THAT(KeysAt(tree, "a.test.", true), ElementsAre("/skydns/test/a", "/skydns/test/a/",
                                                         "/skydns/test/a/-x", "/skydns/test/a/b"));
}

TEST(Tree, AVisitStopsWhenToldTo) {
  Tree tree;
  for (const std::string key : {"a", "b", "B", "C/x", "c/y"}) tree.Put(Make("/skydns/test/" + key));
  for (const std::string name : {".", "test.", "c.test."}) {  // without and with strays
    int calls = 0;
    tree.VisitSubtree(*Find(tree, name), true, [&](const Registration&) { return ++calls < 2; });
    EXPECT_EQ(calls, 2) << name;
    tree.VisitUnordered(*Find(tree, name), true, [&](const Registration&) { return ++calls < 4; });
    EXPECT_EQ(calls, 4) << name;
  }
}

TEST(Tree, TheLastChangeIsKnownAtEveryNameAbove) {
  Tree tree;
  tree.Put(Make("/skydns/test/a/x", 5));
  tree.Put(Make("/skydns/test/b", 6));
  EXPECT_EQ(Find(tree, "a.test.")->changed(), 5);
  EXPECT_EQ(Find(tree, "test.")->changed(), 6);
  tree.Put(Make("/skydns/test/a/x", 8));
  EXPECT_EQ(Find(tree, "a.test.")->changed(), 8);
  EXPECT_EQ(Find(tree, "a.test.")->count(), 1U);
  EXPECT_EQ(Find(tree, "b.test.")->changed(), 6);
  EXPECT_TRUE(tree.Erase("/skydns/test/b", 9));
  EXPECT_EQ(Find(tree, "a.test.")->changed(), 8);
  EXPECT_EQ(Find(tree, "test.")->changed(), 9);
}

TEST(Tree, WhatIsTouchedOnlyEverGrowsWhateverTheRevisions) {
  Tree tree;
  const auto touched = [&](const std::string& name) { return Find(tree, name)->touched(); };
  tree.BeginPublication(1);
  tree.Put(Make("/skydns/test/a/x", 500));
  tree.Put(Make("/skydns/test/B", 6));
  tree.BeginPublication(2);
  tree.Put(Make("/skydns/test/a/x", 3));  // of a store that was restored
  EXPECT_EQ(touched("x.a.test."), 2U);
  EXPECT_EQ(touched("test."), 2U);
  EXPECT_EQ(touched("b.test."), 1U);
  tree.BeginPublication(3);
  tree.Touch("/skydns/test/B");
  EXPECT_EQ(touched("b.test."), 3U);
  EXPECT_EQ(touched("."), 3U);
  EXPECT_EQ(touched("a.test."), 2U);
  tree.BeginPublication(4);
  tree.Touch("/skydns/test/b");  // no such key
  EXPECT_EQ(touched("."), 3U);
  EXPECT_TRUE(tree.Erase("/skydns/test/a/x", 4));
  EXPECT_EQ(touched("test."), 4U);
  EXPECT_EQ(touched("b.test."), 3U);
}

TEST(Tree, KeysAreFoundAndReplaced) {
  Tree tree;
  EXPECT_EQ(tree.FindKey("/skydns/test/a"), nullptr);
  for (const std::string key : {"/skydns/test/a", "/skydns/test/A.b"}) {
    tree.Put(Make(key, 1));
    const auto second = Make(key, 2);
    tree.Put(second);
    EXPECT_EQ(tree.FindKey(key), second);
  }
  EXPECT_EQ(tree.size(), 2U);
  EXPECT_EQ(tree.FindKey("/skydns/test/A"), nullptr);
  EXPECT_FALSE(tree.Erase("/skydns/test/A", 3));
}

// Of few below a name the name holds all, of many those that nobody else holds.
TEST(Tree, WhatIsReplacedOrErasedIsHeldByNoName) {
  const std::vector<std::string> keys = {"a",   "a/1",   "a/2", "a//k", "a/3", "A/4",
                                         "a/5", "a/5/b", "a/",  "a//l", "a/6", "b"};
  Tree tree;
  std::vector<RegistrationPtr> put;
  for (const std::string& key : keys) {
    put.push_back(Make("/skydns/test/" + key));
    tree.Put(put.back());
    for (RegistrationPtr& one : put) {
      const RegistrationPtr other = Make(std::string(one->key), 2);
      tree.Put(other);
      EXPECT_EQ(one->use_count(), 1U) << one->key << " of " << put.size();
      one = other;
    }
  }
  for (const RegistrationPtr& one : put) {
    EXPECT_TRUE(tree.Erase(one->key, 3));
    EXPECT_EQ(one->use_count(), 1U) << one->key;
  }
}

TEST(Tree, AServiceGrowsBeyondFewAndShrinksAgain) {
  Tree tree;
  std::vector<std::string> keys;
  const auto check = [&] {
    auto sorted = keys;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(KeysAt(tree, "node.test.", false), sorted);
    for (const std::string& key : keys) EXPECT_NE(tree.FindKey(key), nullptr) << key;
  };
  // With two that lie deeper, one that is nameless and one that is spelled otherwise.
  for (const std::string path : {"node/9", "node/1/a", "node//x", "NODE/5", "node/7", "node/2/b",
                                 "node/0", "node/8", "node//a"}) {
    keys.push_back("/skydns/test/" + path);
    tree.Put(Make(keys.back()));
    tree.Put(Make("/skydns/test/node"));  // replaced each time, and never below itself
    check();
  }
  while (!keys.empty()) {
    EXPECT_TRUE(tree.Erase(keys.front(), 2));
    keys.erase(keys.begin());
    check();
  }
}

TEST(Tree, ErasingByAKeyOfTheTreeItselfIsSafe) {
  Tree tree;
  tree.Put(Make("/skydns/test/a"));
  EXPECT_TRUE(tree.Erase(Find(tree, "a.test.")->own()[0]->key, 2));
  EXPECT_EQ(tree.size(), 0U);
}

TEST(Tree, WorksWithAnyPrefix) {
  for (const std::string prefix : {"", "/a", "/a/b"}) {
    Tree tree;
    tree.Put(Make(prefix + "/test/x/y", 1, prefix));
    tree.Put(Make(prefix + "/", 1, prefix));
    EXPECT_THAT(KeysAt(tree, "x.test.", false), ElementsAre(prefix + "/test/x/y"));
    EXPECT_THAT(KeysAt(tree, ".", false), ElementsAre(prefix + "/test/x/y"));
    EXPECT_THAT(KeysAt(tree, ".", true), ElementsAre(prefix + "/", prefix + "/test/x/y"));
  }
}

// --- the same by brute force

std::string Lower(std::string_view wire) {
  std::string lower(wire);
  std::transform(lower.begin(), lower.end(), lower.begin(), wire::ToLower);
  return lower;
}

// A tree beside an ordered map of the same keys, as etcd has them.
class Twins {
 public:
  void Put(const std::vector<std::string>& keys) {
    ++revision_;
    std::vector<RegistrationPtr> registrations;
    for (const std::string& key : keys) {
      registrations.push_back(Make(key, revision_));
      keys_[key] = {Lower(registrations.back()->name), registrations.back()->nameless};
    }
    tree_.PutAll(registrations);
  }
  void Erase(const std::string& key) {
    ++revision_;
    EXPECT_EQ(tree_.Erase(key, revision_), keys_.erase(key) > 0) << key;
  }

  // All that the tree says about one name.  `plain`: no key was spelled oddly, so
  // that what is below is etcd's range [KEY/, KEY0).
  void Check(const std::string& text, bool plain) const {
    const wire::Name name = NameFrom(text);
    std::vector<std::string> own;
    std::vector<std::string> below;
    for (const auto& [key, place] : keys_) {
      if (place.wire == Lower(name.view().wire()) && !place.nameless) {
        own.push_back(key);
      } else if (wire::NameView(place.wire).IsAtOrBelow(name)) {
        below.push_back(key);
      }
    }
    if (plain) {
      const std::string key = model::KeyOf("/skydns", name).value();
      std::vector<std::string> range;
      const auto end = keys_.lower_bound(key + '0');
      for (auto at = keys_.lower_bound(key + '/'); at != end; ++at) range.push_back(at->first);
      EXPECT_EQ(below, range);
    }
    const Node* const node = tree_.Find(name);
    ASSERT_EQ(node != nullptr, own.size() + below.size() > 0) << text;
    if (node == nullptr) return;
    EXPECT_EQ(node->count(), own.size() + below.size());
    EXPECT_EQ(node->has_children(), !below.empty());
    EXPECT_EQ(node->own().size(), own.size());
    for (std::size_t i = 0; i < own.size(); ++i) EXPECT_EQ(node->own()[i]->key, own[i]);
    EXPECT_EQ(KeysAt(tree_, text, false), below) << text;
    below.insert(below.end(), own.begin(), own.end());
    std::sort(below.begin(), below.end());
    EXPECT_EQ(KeysAt(tree_, text, true), below) << text;
    std::vector<std::string> unordered;
    tree_.VisitUnordered(*node, true, [&](const Registration& registration) {
      unordered.emplace_back(registration.key);
      return true;
    });
    std::sort(unordered.begin(), unordered.end());
    EXPECT_EQ(unordered, below) << text;
  }
  void CheckKey(const std::string& key) const {
    const auto found = tree_.FindKey(key);
    ASSERT_EQ(found != nullptr, keys_.contains(key)) << key;
    if (found) {
      EXPECT_EQ(found->key, key);
    }
  }
  [[nodiscard]] bool SameSize() const { return tree_.size() == keys_.size(); }
  [[nodiscard]] std::string SomeKey(std::size_t draw) const {
    return keys_.empty()
               ? "/skydns/x"
               : std::next(keys_.begin(), static_cast<std::ptrdiff_t>(draw % keys_.size()))->first;
  }

 private:
  struct Place {
    std::string wire;  // lower case
    bool nameless = false;
  };
  Tree tree_;
  std::map<std::string, Place> keys_;
  store::Revision revision_ = 0;
};

void RunTwins(const std::vector<std::string>& components, const std::vector<std::string>& labels,
              bool plain, unsigned seed) {
  std::mt19937 random(seed);
  const auto draw = [&](std::size_t n) { return random() % n; };
  Twins twins;
  const auto draw_key = [&] {
    std::string key = "/skydns";
    for (std::size_t depth = 1 + draw(4); depth > 0; --depth) {
      key += '/' + components[draw(components.size())];
    }
    if (!plain && draw(10) == 0) key += '/';
    return key;
  };
  for (int step = 0; step < 2000; ++step) {
    std::vector<std::string> keys = {draw_key()};
    const std::string key = keys.front();
    // Grows, then shrinks to nothing, again and again.
    const bool growing = step / 300 % 2 == 0;
    if (draw(10) < (growing ? 8U : 2U)) {
      if (draw(4) == 0) {
        for (std::size_t more = draw(8); more > 0; --more) keys.push_back(draw_key());
        if (draw(2) == 0) std::sort(keys.begin(), keys.end());
      }
      twins.Put(keys);
    } else {
      twins.Erase(draw(10) == 0 ? key : twins.SomeKey(random()));
    }
    twins.CheckKey(key);
    ASSERT_TRUE(twins.SameSize());
    std::string name;
    for (std::size_t depth = draw(5); depth > 0; --depth) name += labels[draw(labels.size())] + '.';
    twins.Check(name.empty() ? "." : name, plain);
    if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << ", step " << step;
  }
}

TEST(Tree, AgreesWithEtcdOnPlainKeys) {
  const std::vector<std::string> components = {"a", "b", "a-b", "ab", "a0", "node", "node-x", "_a"};
  for (unsigned seed = 1; seed <= 8; ++seed) RunTwins(components, components, true, seed);
}

TEST(Tree, AgreesWithAPlainScanOnOddKeys) {
  const std::vector<std::string> components = {"a",   "A",     "b",     "B",   "a-b", "a.b",
                                               "A.b", "\\097", "a\\.b", "a b", "b.a", "a\\ b",
                                               "a/b", "\\a",   "*",     "a//b"};
  const std::vector<std::string> labels = {"a", "b", "A", "a-b", "a\\.b", "a\\032b", "*"};
  for (unsigned seed = 1; seed <= 8; ++seed) RunTwins(components, labels, false, seed);
}

}  // namespace
}  // namespace rollcall::catalog
