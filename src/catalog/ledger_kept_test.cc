// A view that is kept and restored is the view that was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/last_known_start.h"
#include "catalog/ledger.h"

namespace rollcall::catalog {
namespace {

using model::Area;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kMarkJson = R"({"since":"2026-01-31T11:00:00Z","by":"x","why":"y"})";

// A view, as far as it is to come back.
struct Facts {
  std::vector<std::string> registrations;  // "key=port", or "key!": was never readable
  std::map<std::string, store::Revision> marks;
  std::vector<std::string> lifeless;
  std::uint32_t serial = 0;

  friend bool operator==(const Facts&, const Facts&) = default;
};

void PrintTo(const Facts& facts, std::ostream* out) {
  *out << ::testing::PrintToString(facts.registrations) << " marks "
       << ::testing::PrintToString(facts.marks) << " lifeless "
       << ::testing::PrintToString(facts.lifeless) << " serial " << facts.serial;
}

Facts FactsOf(Publisher& publisher) {
  Facts facts;
  Publisher::Reader reader = publisher.AddReader();
  const auto view = reader.Enter();
  facts.serial = view->serial();
  for (const Area area : Marks::kAreas) {
    for (const auto& [subject, mark] : view->marks.Of(area)) {
      facts.marks[model::RecordKey(area, subject)] = mark->revision;
    }
  }
  facts.lifeless.assign(view->marks.lifeless().begin(), view->marks.lifeless().end());
  std::sort(facts.lifeless.begin(), facts.lifeless.end());
  const Node* root = view->tree.Find(wire::NameView());
  if (!root) return facts;
  view->tree.VisitSubtree(*root, true, [&](const Registration& one) {
    const std::string port = one.usable() ? "=" + std::to_string(one.service.port) : "!";
    facts.registrations.push_back(std::string(one.key) + port);
    return true;
  });
  return facts;
}

class LedgerKeptTest : public ::testing::Test {
 public:
  LedgerKeptTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    root_ = mkdtemp(name.data());
    options_.directory = root_ + "/last-known";
    options_.prefix = "/skydns";
    options_.interval = milliseconds(1);
    options_.retry = milliseconds(1);
    Begin();
  }
  ~LedgerKeptTest() override {
    ledger_.reset();
    last_known_.reset();
    std::filesystem::remove_all(root_);
  }

 protected:
  // As a start of the program.
  void Begin() {
    ledger_.reset();
    publisher_.reset();
    last_known_.reset();
    LastKnownStart start = StartLastKnown(options_);
    last_known_ = std::move(start.last_known);
    publisher_ = std::make_unique<Publisher>();
    ledger_ = std::make_unique<Ledger>(
        *publisher_, SystemClock(),
        Ledger::Options{"/skydns", {}, {wire::Name::FromText("z").value()}, last_known_.get()});
    if (start.contents) ledger_->Restore(*std::move(start.contents));
  }

  // --- a store, as far as a list and a watch show it

  void Put(const std::string& key, const std::string& value) {
    store::Event event;
    event.kv = {key, value, 0, ++revision_, 0, 0};
    pairs_[key] = event.kv;
    (void)ledger_->Apply({&event, 1});
  }
  void Delete(const std::string& key) {
    if (pairs_.erase(key) == 0) return;
    store::Event event;
    event.type = store::Event::Type::kDelete;
    event.kv.key = key;
    event.kv.mod_revision = ++revision_;
    (void)ledger_->Apply({&event, 1});
  }
  void Deregister(const std::string& key) {
    if (!pairs_.contains(key)) return;
    Put(model::RecordKey(Area::kGone, key), kMarkJson);
    Delete(key);
  }
  void List(bool new_epoch = false) {
    ledger_->BeginList(new_epoch, 7);
    for (const bool own : {true, false}) {
      std::vector<store::KeyValue> page;
      for (const auto& [key, kv] : pairs_) {
        if (key.starts_with(model::kOwnPrefix) == own) page.push_back(kv);
        if (page.size() == 3) ledger_->AddPage(std::exchange(page, {}));
      }
      ledger_->AddPage(std::move(page));
    }
    ledger_->EndList(revision_);
  }
  // Somebody takes the file away, and the feed lists again when asked to.
  void LoseTheFile() {
    std::error_code error;  // it may be written to in the midst
    while (std::filesystem::remove_all(options_.directory, error), error) {
    }
    Put("/skydns/z/lost", Json(1));
    const auto limit = std::chrono::steady_clock::now() + seconds(20);
    while (!last_known_->wants_list() && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    List();
  }
  static std::string Json(int port, bool owned = false) {
    return R"({"host":"192.0.2.1","port":)" + std::to_string(port) +
           (owned ? R"(,"rollcall":{"owner":"agent:h"}})" : "}");
  }
  static std::string HeldJson(int port) {
    return R"({"since":"2026-01-31T11:00:00Z","value":"{\"host\":\"192.0.2.1\",\"port\":)" +
           std::to_string(port) + R"(}"})";
  }
  Facts Now() { return FactsOf(*publisher_); }
  std::vector<std::string> Names() { return Now().registrations; }

  std::string root_;
  LastKnownOptions options_;
  std::unique_ptr<LastKnown> last_known_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Ledger> ledger_;
  std::map<std::string, store::KeyValue> pairs_;
  store::Revision revision_ = 10;
};

using Strings = std::vector<std::string>;

TEST_F(LedgerKeptTest, NothingIsKnownUntilAListWasWhole) {
  ledger_->BeginList(false, 7);
  const store::KeyValue kv{"/skydns/z/a", Json(1), 0, 5, 0, 0};
  ledger_->AddPage({kv});
  Begin();
  EXPECT_EQ(Names(), Strings());
}

TEST_F(LedgerKeptTest, WhatCannotBeReadAnyMoreComesBackAsItCouldBeLast) {
  Put("/skydns/z/a", Json(1));
  Put("/skydns/z/never", "{");
  List();
  Put("/skydns/z/a", "{garbage");
  const Facts before = Now();
  Begin();
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(Names(), (Strings{"/skydns/z/a=1", "/skydns/z/never!"}));
  // The list shows that it still cannot be read, and the file is made anew.
  for (int round = 0; round < 3; ++round) {
    List();
    EXPECT_EQ(Names(), (Strings{"/skydns/z/a=1", "/skydns/z/never!"}));
    EXPECT_EQ(ledger_->flaws().count(model::Flaw::kJson), 2U);
    Begin();
    EXPECT_EQ(Names(), (Strings{"/skydns/z/a=1", "/skydns/z/never!"}));
  }
}

TEST_F(LedgerKeptTest, WhatIsHeldComesBackAndIsHeldAgain) {
  for (int i = 1; i <= 20; ++i) Put("/skydns/z/n/" + std::to_string(i), Json(i));
  List();
  pairs_.clear();  // wiped, while a watch was broken
  ++revision_;
  List();
  EXPECT_EQ(Names().size(), 20U);
  EXPECT_EQ(ledger_->held(), 20U);
  for (int round = 0; round < 2; ++round) {
    Begin();
    EXPECT_EQ(Names().size(), 20U);
    List();
    EXPECT_EQ(Names().size(), 20U);
    EXPECT_EQ(ledger_->held(), 20U);
  }
}

TEST_F(LedgerKeptTest, WhatAnotherServerHeldOutlivesItsRecord) {
  List();
  const std::string record = model::RecordKey(Area::kHeld, "/skydns/z/a");
  Put(record, HeldJson(9));
  Begin();
  EXPECT_EQ(Names(), (Strings{"/skydns/z/a=9"}));
  List();
  Delete(record);  // since the registration is back, of which the watch tells later
  Begin();
  EXPECT_EQ(Names(), (Strings{"/skydns/z/a=9"}));
}

TEST_F(LedgerKeptTest, WhatWasDeregisteredMeanwhileGoesWithTheFirstList) {
  for (int i = 1; i <= 9; ++i) Put("/skydns/z/n/" + std::to_string(i), Json(i));
  List();
  Begin();
  for (int i = 1; i <= 8; ++i) {
    const std::string key = "/skydns/z/n/" + std::to_string(i);
    pairs_.erase(key);
    pairs_[model::RecordKey(Area::kGone, key)] = {
        model::RecordKey(Area::kGone, key), kMarkJson, 0, ++revision_, 0, 0};
  }
  EXPECT_EQ(Names().size(), 9U);
  List();
  EXPECT_EQ(Names(), (Strings{"/skydns/z/n/9=9"}));
  Begin();
  EXPECT_EQ(Names(), (Strings{"/skydns/z/n/9=9"}));
}

TEST_F(LedgerKeptTest, TheSerialGoesOnFromWhereItWas) {
  Put(std::string(model::kSerialKey), R"({"offset":1000})");
  Put("/skydns/z/a", Json(1));
  List();
  const std::uint32_t serial = Now().serial;
  EXPECT_EQ(serial, 1000U + 12);
  Begin();
  EXPECT_EQ(Now().serial, serial);
  ledger_->BeginList(false, 7);
  const store::KeyValue page = pairs_.rbegin()->second;
  ledger_->AddPage({page});  // before the record of the offset has come
  EXPECT_EQ(Now().serial, serial);
  List();
  EXPECT_EQ(Now().serial, serial);
  EXPECT_FALSE(ledger_->serial_wanted());
  // A store that is behind, and has no record: the serial does not go back.
  pairs_.clear();
  Begin();
  pairs_["/skydns/z/a"] = {"/skydns/z/a", Json(1), 0, 3, 0, 0};
  revision_ = 3;
  List(true);
  EXPECT_GT(Now().serial, serial);
  ASSERT_TRUE(ledger_->serial_wanted());
  EXPECT_EQ(ledger_->serial_wanted()->above, serial);
}

TEST_F(LedgerKeptTest, WhereTheHistoryIsDoubtedEqualRevisionsAreReadAgain) {
  Put("/skydns/z/a", Json(1));
  List();
  Begin();
  pairs_["/skydns/z/a"].value = Json(2);  // another history, the same revision
  List();
  EXPECT_EQ(Names(), (Strings{"/skydns/z/a=1"}));
  ledger_->Doubt();
  List();
  EXPECT_EQ(Names(), (Strings{"/skydns/z/a=2"}));
}

TEST_F(LedgerKeptTest, AFileThatWasTakenAwayIsMadeAnew) {
  Put("/skydns/z/a", Json(1));
  Put("/skydns/z/b", Json(2));
  List();
  Put("/skydns/z/b", "{");
  const auto limit = std::chrono::steady_clock::now() + seconds(20);
  while (last_known_->figures().records < 2 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  LoseTheFile();
  const Facts before = Now();
  Begin();
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(Names(), (Strings{"/skydns/z/a=1", "/skydns/z/b=2", "/skydns/z/lost=1"}));
}

TEST_F(LedgerKeptTest, WhateverHappensAStartHasTheViewThatWas) {
  ::testing::internal::CaptureStderr();
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const auto draw = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
    const auto key = [&] {
      return "/skydns/z/n" + std::to_string(draw(1)) + "/" + std::to_string(draw(7));
    };
    if (draw(2) != 0) List();
    for (int step = 0, steps = draw(60); step < steps; ++step) {
      const std::string one = key();
      switch (draw(13)) {
        case 0:
        case 1:
        case 2:
        case 3:
          Put(one, Json(draw(9000) + 1, draw(1) == 0));
          break;
        case 4:
          Put(one, "{garbage");
          break;
        case 5:
          Delete(one);
          break;
        case 6:
          Deregister(one);
          break;
        case 7:
          Put(model::RecordKey(Area::kAlive, one), draw(3) == 0 ? "garbage" : kMarkJson);
          break;
        case 8:
          Delete(model::RecordKey(Area::kAlive, one));
          break;
        case 9:
          Put(model::RecordKey(Area::kHeld, one), HeldJson(draw(9000) + 1));
          break;
        case 10:
          Delete(model::RecordKey(Area::kHeld, one));
          break;
        case 11:
          Put(model::HostRecordKey(Area::kMaintenance, std::to_string(draw(2))), kMarkJson);
          break;
        case 12:
          // Unseen by a watch.
          if (draw(1) == 0) pairs_.erase(one);
          ++revision_;
          List();
          break;
        default:
          if (draw(4) == 0) LoseTheFile();
      }
    }
    List();
    for (int step = 0, steps = draw(10); step < steps; ++step) {
      const std::string one = key();
      if (draw(1) == 0) {
        Put(one, Json(draw(9000) + 1));
      } else {
        Deregister(one);
      }
    }
    const Facts before = Now();
    Begin();
    ASSERT_EQ(Now(), before) << "seed " << seed;
    ++revision_;
    List();
    ASSERT_EQ(Names(), before.registrations) << "seed " << seed;
  }
  (void)::testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace rollcall::catalog
