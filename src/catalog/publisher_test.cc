#include "catalog/publisher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace rollcall::catalog {
namespace {

RegistrationPtr MakeAt(const std::string& key, store::Revision revision) {
  return MakeRegistration("/skydns",
                          {.key = key, .value = R"({"host":"10.0.0.1"})", .mod_revision = revision},
                          nullptr)
      .value();
}

void SetRevision(Publisher& publisher, store::Revision revision) {
  publisher.Apply([&](View& view) { view.revision = revision; });
}

TEST(Publisher, AReaderSeesWhatWasApplied) {
  Publisher publisher;
  auto reader = publisher.AddReader();
  EXPECT_EQ(reader.Enter()->revision, 0);
  for (store::Revision revision = 1; revision < 5; ++revision) {
    SetRevision(publisher, revision);
    EXPECT_EQ(reader.Enter()->revision, revision);
    EXPECT_EQ(reader.Enter()->revision, revision);
  }
}

TEST(Publisher, EachChangeIsMadeOnBothCopies) {
  Publisher publisher;
  auto reader = publisher.AddReader();
  publisher.Apply([](View& view) { view.tree.Put(MakeAt("/skydns/a", 1)); });
  publisher.Apply([](View& view) { view.tree.Put(MakeAt("/skydns/b", 2)); });
  EXPECT_EQ(reader.Enter()->tree.size(), 2U);
  SetRevision(publisher, 3);
  EXPECT_EQ(reader.Enter()->tree.size(), 2U);
}

TEST(Publisher, AViewDoesNotChangeWhileAReaderIsInside) {
  Publisher publisher;
  auto reader = publisher.AddReader();
  auto other = publisher.AddReader();
  std::thread writer;
  {
    const auto guard = reader.Enter();
    writer = std::thread([&] {
      SetRevision(publisher, 1);
      SetRevision(publisher, 2);
    });
    // The first change is published to others while this reader holds the old one.
    while (other.Enter()->revision == 0) std::this_thread::yield();
    EXPECT_EQ(guard->revision, 0);
    EXPECT_EQ(other.Enter()->revision, 1);
  }
  writer.join();
  EXPECT_EQ(reader.Enter()->revision, 2);
}

TEST(Publisher, AReaderThatWentHoldsUpNobody) {
  Publisher publisher;
  for (int i = 0; i < 100; ++i) {
    auto reader = publisher.AddReader();
    auto moved = std::move(reader);
    EXPECT_EQ(moved.Enter()->revision, i);
    SetRevision(publisher, i + 1);
  }
}

TEST(Publisher, ManyReadersAlwaysSeeWholeBatches) {
  constexpr int kReaders = 4;
  constexpr int kBatches = 2000;  // at least
  constexpr std::uint64_t kLooks = 20'000;
  Publisher publisher;
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> looks = 0;
  std::atomic<int> torn = 0;

  // Each batch puts, replaces or erases the two keys together.
  const auto look = [&](const View& view) {
    const auto left = view.tree.FindKey("/skydns/left/x");
    const auto right = view.tree.FindKey("/skydns/right/x");
    const bool same = (left == nullptr) == (right == nullptr) &&
                      (left == nullptr || left->mod_revision == right->mod_revision);
    const bool right_revision = left == nullptr || left->mod_revision == view.revision;
    const bool counted = view.tree.size() == (left == nullptr ? 0U : 2U);
    if (!same || !right_revision || !counted) ++torn;
    ++looks;
    return view.revision;
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&, i] {
      store::Revision last = 0;
      while (!done) {
        auto reader = publisher.AddReader();
        for (int round = 0; round < 100 * (i + 1); ++round) {
          const store::Revision seen = look(*reader.Enter());
          if (seen < last) ++torn;
          last = seen;
          std::this_thread::yield();  // more readers than cores: be put off outside
        }
      }
    });
  }
  for (int batch = 1; batch <= kBatches || looks < kLooks; ++batch) {
    const auto left = MakeAt("/skydns/left/x", batch);
    const auto right = MakeAt("/skydns/right/x", batch);
    publisher.Apply([&](View& view) {
      view.revision = batch;
      if (batch % 3 == 0) {
        view.tree.Erase("/skydns/left/x", batch);
        view.tree.Erase("/skydns/right/x", batch);
      } else {
        view.tree.Put(left);
        view.tree.Put(right);
      }
    });
  }
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace rollcall::catalog
