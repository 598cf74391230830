// Whatever a store tells, and whoever asks in between: who keeps replies says what is said by who
// keeps none.
//
// Changes of all kinds go the way that they go in the server, through a ledger and both copies of
// the view; questions come in batches.  All of it is drawn by chance from a seed.
// ROLLCALL_READY_SEEDS=1-1000 draws that many, or one again: 17-17.
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "answer/respond.h"
#include "catalog/ledger.h"
#include "model/serial.h"
#include "wire/header.h"

namespace rollcall::answer {
namespace {

using catalog::Standing;
using model::Area;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

using Octets = std::vector<std::uint8_t>;

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

  unsigned Below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool Once(unsigned in) { return Below(in) == 0; }
  template <typename T>
  T Of(std::initializer_list<T> some) {
    return some.begin()[Below(static_cast<unsigned>(some.size()))];
  }
  std::string Number(unsigned most) { return std::to_string(1 + Below(most)); }

 private:
  std::mt19937 random_;
};

class MovedClock : public Clock {
 public:
  SteadyTime Now() const override { return now; }
  WallTime WallNow() const override { return wall_now; }
  void Pass(milliseconds time) {
    now += time;
    wall_now += time;
  }
  SteadyTime now{hours(1)};
  WallTime wall_now{hours(500'000)};
};

// One zone lies in another, and one is so long that its SOA can be too much for 512 octets.
std::string LongZone() {
  std::string zone = "test";
  for (const std::size_t size : {30, 60, 60, 60}) zone.insert(0, std::string(size, 'l') + ".");
  return zone;
}
const std::vector<std::string> kZones = {"z.test", "y.test", "deep.z.test", "10.in-addr.arpa",
                                         LongZone()};

// `n1.z.test` -> `/skydns/test/z/n1`, as it stands.
std::string KeyOf(std::string_view name) {
  std::string key = "/skydns";
  for (std::size_t end = name.size(); end != name.npos && end > 0;) {
    const std::size_t dot = name.rfind('.', end - 1);
    const std::size_t begin = dot == name.npos ? 0 : dot + 1;
    key += "/" + std::string(name.substr(begin, end - begin));
    end = dot;
  }
  return key;
}

// What a name can be asked for or registered as.
std::string NameIn(Chance& chance, std::initializer_list<std::string_view> labels) {
  std::string name = kZones[chance.Once(8) ? 4 : chance.Below(4)];
  for (unsigned depth = chance.Below(4); depth > 0; --depth) {
    const std::string label =
        chance.Once(4) ? std::string(chance.Of(labels)) : "n" + std::to_string(chance.Below(3));
    name.insert(0, label + ".");
  }
  return name;
}

std::string RegisteredKey(Chance& chance) {
  std::string key = KeyOf(NameIn(chance, {"N1", "apex.dns", "ns.dns", "dns", "*", "h-9100"}));
  if (chance.Once(12)) key += "/";
  if (chance.Once(12)) key += "//n1";
  return key;
}

std::string AskedName(Chance& chance) {
  if (chance.Once(20)) return chance.Once(2) ? "outside.example" : "test";
  std::string name =
      NameIn(chance, {"*", "any", "_shard0of2", "_http", "apex.dns", "ns.dns", "dns", "h-9100"});
  if (name.size() > 220) return name;  // no room for more
  if (chance.Once(5)) name.insert(0, "_healthy.");
  if (chance.Once(8)) name.insert(0, "_shard1of2.");
  return name;
}

std::string Value(Chance& chance) {
  std::string host;
  switch (chance.Below(8)) {
    case 0:
      return chance.Of<const char*>({"garbage", "{}", R"({"host":""})", R"({"port":"x"})"});
    case 1:
    case 2:
      host = NameIn(chance, {"*", "_healthy", "h-9100", "any"});
      break;
    case 3:
      host = chance.Of<const char*>({"out.example", "10.0.0.300", "mail.example"});
      break;
    case 4:
      host = "2001:db8::" + chance.Number(9);
      break;
    default:
      host = "10.0.0." + chance.Number(9);
  }
  std::string json = R"({"host":")" + host + '"';
  const auto add = [&](unsigned in, const std::string& member) {
    if (chance.Once(in)) json += "," + member;
  };
  add(1, R"("port":)" + std::string(chance.Once(8) ? "-1" : "9100"));
  add(4, R"("ttl":)" + chance.Number(200));
  add(6, R"("text":"t)" + chance.Number(3) + '"');
  add(6, R"("group":"g)" + chance.Number(2) + '"');
  add(8, R"("targetstrip":)" + chance.Number(2));
  add(4, R"("mail":true)");
  add(6, R"("priority":)" + chance.Number(3));
  add(6, R"("weight":)" + chance.Number(3));
  add(3, std::string(R"("rollcall":{"owner":"agent:h")") +
             (chance.Once(3) ? R"(,"on_loss":"remove"})" : "}"));
  return json + "}";
}

// A store, as far as lists and a watch show it, and the ledger that hears of it.
class Store {
 public:
  Store(Chance& chance, catalog::Publisher& publisher, MovedClock& clock)
      : chance_(chance),
        clock_(clock),
        ledger_(publisher, clock,
                {"/skydns",
                 {.share = chance.Once(2) ? 1 : 0.15, .window = milliseconds(20'000)},
                 Names()}) {
    for (int i = 0; i < 20; ++i) Put(RegisteredKey(chance_), Value(chance_));
  }

  static std::vector<wire::Name> Names() {
    std::vector<wire::Name> names;
    for (const std::string& zone : kZones) names.push_back(wire::Name::FromText(zone).value());
    return names;
  }

  // Of an earlier run, and not all that the store has by now.
  void Restore() {
    catalog::LastKnownContents contents;
    contents.header = {.cluster_id = 1, .revision = revision_, .changed = revision_};
    contents.header.serial_offset = 0xFFFF'FFFF - chance_.Below(20);
    for (const auto& [key, pair] : pairs_) {
      if (!chance_.Once(4)) contents.records.push_back(pair);
    }
    ledger_.Restore(std::move(contents));
  }
  void List(bool new_epoch = false) {
    ledger_.BeginList(new_epoch);
    for (const bool own : {true, false}) {
      for (const auto& [key, pair] : pairs_) {
        if (key.starts_with(model::kOwnPrefix) == own) ledger_.AddPage({pair});
      }
    }
    ledger_.EndList(revision_);
    listed_ = true;
  }
  [[nodiscard]] bool listed() const { return listed_; }

  void Change() {
    if (chance_.Once(40)) return ChangeUnheard();
    if (chance_.Once(10)) return TellLeases();
    if (chance_.Once(20)) return EndLease();
    events_.clear();
    for (unsigned revisions = chance_.Once(3) ? 2 : 1; revisions > 0; --revisions) {
      ++revision_;
      for (unsigned n = chance_.Once(2) ? 3 : 1; n > 0; --n) ChangeOne();
    }
    (void)ledger_.Apply(events_);
  }

 private:
  void Put(const std::string& key, const std::string& value, store::LeaseId lease = 0) {
    // One change of a key in one revision.
    const auto old = pairs_.find(key);
    if (old != pairs_.end() && old->second.mod_revision == revision_) return;
    store::KeyValue pair{.key = key, .value = value};
    pair.mod_revision = revision_;
    pair.lease = lease;
    events_.push_back({store::Event::Type::kPut, pair});
    pairs_[key] = pair;
  }
  void Delete(const std::string& key) {
    const auto old = pairs_.find(key);
    if (old == pairs_.end() || old->second.mod_revision == revision_) return;
    store::KeyValue pair;
    pair.key = key;
    pair.mod_revision = revision_;
    events_.push_back({store::Event::Type::kDelete, pair});
    pairs_.erase(old);
  }

  // One that is there, if it may be.
  std::string AnyKey(std::string_view prefix) {
    const auto begin = pairs_.lower_bound(std::string(prefix));
    const auto end = pairs_.upper_bound(std::string(prefix) + '~');
    const auto count = static_cast<unsigned>(std::distance(begin, end));
    if (count == 0) return RegisteredKey(chance_);
    return std::next(begin, chance_.Below(count))->first;
  }
  std::string AnyRegistration() { return AnyKey("/skydns/"); }
  static std::string Mark(model::Record record = {}) {
    record.by = "x";
    record.why = "y";
    return model::ToJson(record);
  }

  void ChangeOne() {
    switch (chance_.Below(12)) {
      case 0:
      case 1:
      case 2:
        return Put(RegisteredKey(chance_), Value(chance_), Lease());
      case 3:
      case 4:
        return Put(AnyRegistration(), Value(chance_), Lease());
      case 5:
        return Deregister(AnyRegistration());
      case 6:
        return Delete(AnyRegistration());
      case 7:
        return Put(model::RecordKey(Area::kAlive, AnyRegistration()),
                   Mark({.health = chance_.Of({model::Health::kPassing, model::Health::kWarning,
                                               model::Health::kCritical})}));
      case 8:
        return Delete(AnyKey(model::AreaPrefix(Area::kAlive)));
      case 9:
        return ChangeMaintenance();
      case 10:
        return ChangeHold();
      default:
        return Put(std::string(model::kSerialKey),
                   model::SerialJson(chance_.Once(2) ? 0xFFFF'FF00 : chance_.Below(1000), 1, {}));
    }
  }
  store::LeaseId Lease() { return chance_.Once(3) ? 1 + chance_.Below(4) : 0; }
  void Deregister(const std::string& key) {
    Put(model::RecordKey(Area::kGone, key), Mark());
    Delete(key);
  }
  void ChangeMaintenance() {
    if (chance_.Once(3)) return Delete(AnyKey(model::AreaPrefix(Area::kMaintenance)));
    const std::string where =
        chance_.Once(3)
            ? model::HostRecordKey(Area::kMaintenance, "h")
            : model::RecordKey(Area::kMaintenance,
                               chance_.Once(2) ? AnyRegistration() : "/skydns/test/z/n1");
    model::Record record;
    if (chance_.Once(2)) record.until = clock_.wall_now + milliseconds(chance_.Below(60'000));
    Put(where, Mark(record));
  }
  void ChangeHold() {
    switch (chance_.Below(3)) {
      case 0:
        return Delete(AnyKey(model::AreaPrefix(Area::kHeld)));
      case 1:
        return Delete(AnyKey(model::AreaPrefix(Area::kGone)));
      default:
        return Put(model::RecordKey(Area::kHeld, RegisteredKey(chance_)),
                   Mark({.value = R"({"host":"10.0.1.)" + chance_.Number(9) + R"(","port":1})"}));
    }
  }

  // What only a list brings; of another store, it may be.
  void ChangeUnheard() {
    const bool other = chance_.Once(3);
    if (other) {
      revision_ = 1 + static_cast<store::Revision>(chance_.Below(static_cast<unsigned>(revision_)));
      for (auto& [key, pair] : pairs_) pair.mod_revision = revision_;
    }
    for (unsigned n = chance_.Below(8); n > 0; --n) {
      ++revision_;
      ChangeOne();
    }
    if (chance_.Once(4)) ledger_.Doubt();
    List(other);
  }
  // Of one that is told anew the old time stands for up to a second.
  void TellLeases() {
    std::vector<catalog::Ledger::LeaseTime> times;
    for (store::LeaseId id = 1 + chance_.Below(4); id <= 4; ++id) {
      times.push_back({id, std::nullopt});
      if (!chance_.Once(4)) {
        times.back().end = clock_.now - seconds(5) + milliseconds(chance_.Below(200'000));
      }
    }
    ledger_.SetLeases(times);
    clock_.Pass(seconds(1));
  }
  void EndLease() {
    const store::LeaseId lease = 1 + chance_.Below(4);
    std::vector<std::string> keys;
    for (const auto& [key, pair] : pairs_) {
      if (pair.lease == lease) keys.push_back(key);
    }
    events_.clear();
    ++revision_;
    for (const std::string& key : keys) Delete(key);
    if (!chance_.Once(4)) ledger_.HearLeaseOver(lease);
    (void)ledger_.Apply(events_);
  }

  Chance& chance_;
  MovedClock& clock_;
  catalog::Ledger ledger_;
  std::map<std::string, store::KeyValue> pairs_;
  std::vector<store::Event> events_;
  store::Revision revision_ = 10;
  bool listed_ = false;
};

void Append16(Octets& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void AppendOpt(Chance& chance, Octets& out) {
  out.push_back(0);
  Append16(out, static_cast<unsigned>(wire::Type::kOpt));
  Append16(out, chance.Of({0U, 512U, 512U, 600U, 1232U, 4096U, 65535U}));
  Append16(out, chance.Once(20) ? 1 : 0);  // version 1, now and then
  Append16(out, chance.Once(4) ? wire::kDnssecOk : 0);
  Octets options;
  if (chance.Once(8)) {
    Append16(options, wire::kOptionNsid);
    Append16(options, 0);
  }
  if (chance.Once(4)) {  // a cookie
    Append16(options, 10);
    Append16(options, 8);
    for (int i = 0; i < 4; ++i) Append16(options, chance.Below(3));
  }
  if (chance.Once(8)) {  // padding, beyond what a kept question may have, it may be
    const unsigned size = chance.Once(2) ? 30 : 400;
    Append16(options, 12);
    Append16(options, size);
    options.resize(options.size() + size);
  }
  Append16(out, static_cast<unsigned>(options.size()));
  out.insert(out.end(), options.begin(), options.end());
}

Octets Message(Chance& chance) {
  using wire::Type;
  std::string name = AskedName(chance);
  if (chance.Once(3)) {
    for (char& c : name) c = static_cast<char>(chance.Once(2) ? std::toupper(c) : c);
  }
  const unsigned opt = chance.Once(3) ? 0 : 1;
  Octets out;
  Append16(out, chance.Below(0x10000));
  Append16(out, (chance.Once(2) ? wire::kRecursionDesired : 0) |
                    (chance.Once(8) ? wire::kCheckingDisabled : 0) |
                    (chance.Once(20) ? 0x0020U : 0) | (chance.Once(40) ? 0x1000U : 0));
  for (const unsigned count : {1U, 0U, 0U, opt}) Append16(out, count);
  const wire::Name wire_name = wire::Name::FromText(name).value();
  const std::string_view octets = wire_name.view().wire();
  out.insert(out.end(), octets.begin(), octets.end());
  Append16(out, static_cast<unsigned>(
                    chance.Of({Type::kA, Type::kA, Type::kAaaa, Type::kSrv, Type::kSrv, Type::kTxt,
                               Type::kCname, Type::kPtr, Type::kSoa, Type::kNs, Type::kAny,
                               Type::kMx, Type::kHinfo, Type::kAxfr})));
  Append16(out, chance.Once(40) ? 3 : 1);
  if (opt != 0) AppendOpt(chance, out);
  if (chance.Once(20)) Append16(out, chance.Below(3));
  if (chance.Once(40)) out.resize(out.size() - 3);
  return out;
}

struct Asked {
  Octets message;
  bool tcp = false;
};

// A worker that keeps replies, in batches as serving/dns has them, beside one that does not.
class Worker {
 public:
  explicit Worker(const Zones& zones, std::size_t octets)
      : maker_(zones, {.nsid = "rollcall"}),
        keeper_(zones, WithReady({.nsid = "rollcall"}, octets)) {}

  void Answer(const catalog::View& view, const Request& terms, std::span<const Asked> batch) {
    std::vector<std::uint64_t> foreseen;
    for (const Asked& asked : batch) foreseen.push_back(keeper_.Foresee(asked.message));
    for (const std::uint64_t each : foreseen) keeper_.Await(each);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Request request = terms;
      request.message = batch[i].message;
      request.tcp = batch[i].tcp;
      Compare(view, request, foreseen[i]);
    }
  }
  [[nodiscard]] std::size_t ready() const { return ready_; }
  [[nodiscard]] std::size_t replies() const { return replies_; }

 private:
  void Compare(const catalog::View& view, Request request, std::uint64_t foreseen) {
    const Responded made = maker_.Respond(view, request, expected_);
    request.foreseen = foreseen;
    const Responded said = keeper_.Respond(view, request, out_);
    ASSERT_EQ(said.outcome, made.outcome);
    EXPECT_EQ(said.rcode, made.rcode);
    EXPECT_EQ(said.truncated, made.truncated);
    EXPECT_EQ(said.several, made.several);
    ASSERT_EQ(said.asked, made.asked);
    EXPECT_EQ(said.type, made.type);
    EXPECT_EQ(said.name.wire(), made.name.wire());
    EXPECT_EQ(Octets(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(said.size)),
              Octets(expected_.begin(), expected_.begin() + static_cast<std::ptrdiff_t>(made.size)))
        << (said.asked ? said.name.ToText() : "?") << " type " << static_cast<unsigned>(said.type);
    EXPECT_FALSE(made.ready);
    ready_ += said.ready ? 1 : 0;
    ++replies_;
    if (made.outcome == Outcome::kNeedsOutside) CompareWithOutside(view, request);
  }
  // As the forwarder asks again.
  void CompareWithOutside(const catalog::View& view, Request request) {
    std::vector<OutsideResult> found;
    const wire::Name owner = wire::Name::FromText("out.example").value();
    for (const Outside& need : maker_.needs()) {
      found.push_back({need, false, {{owner, wire::Type::kA, 5, wire::A{{192, 0, 2, 1}}}}});
    }
    request.outside = &found;
    Compare(view, request, 0);
  }

  Responder maker_;
  Responder keeper_;
  Octets expected_ = Octets(wire::kMaxMessageSize);
  Octets out_ = Octets(wire::kMaxMessageSize);
  std::size_t ready_ = 0;
  std::size_t replies_ = 0;
};

// The same registrations in a tree that has no past.
std::unique_ptr<catalog::View> Anew(const catalog::View& view) {
  auto anew = std::make_unique<catalog::View>();
  view.tree.VisitFrom("", [&](const catalog::Registration& one) {
    anew->tree.Put(catalog::RegistrationPtr(&one));
    return true;
  });
  anew->marks = view.marks;
  anew->leases = view.leases;
  anew->revision = view.revision;
  anew->serial_offset = view.serial_offset;
  return anew;
}

struct Tally {
  std::size_t ready = 0;
  std::size_t replies = 0;
};

class World {
 public:
  explicit World(unsigned seed) : chance_(seed) {
    while (questions_.size() < kQuestions)
      questions_.push_back({Message(chance_), chance_.Once(4)});
    if (chance_.Once(2)) {
      store_.Restore();
      standing_ = Standing::kStale;
    }
  }

  // Each step asks the same before and after.
  Tally Run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      const std::vector<Asked> batch = Batch();
      const bool forwards = chance_.Once(4);
      Ask(batch, forwards);
      Happen();
      Ask(batch, forwards);
    }
    Tally tally;
    for (const Worker& worker : workers_) {
      tally.ready += worker.ready();
      tally.replies += worker.replies();
    }
    return tally;
  }

 private:
  void Happen() {
    if (!store_.listed()) {
      if (chance_.Once(20)) store_.List();
    } else if (chance_.Once(2)) {
      store_.Change();
    }
    if (chance_.Once(8)) clock_.Pass(milliseconds(chance_.Below(3000)));
    if (store_.listed() && chance_.Once(25)) {
      standing_ = chance_.Once(3) ? Standing::kStale : Standing::kSynced;
    }
  }
  std::vector<Asked> Batch() {
    std::vector<Asked> batch;
    for (unsigned n = 1 + chance_.Below(8); n > 0; --n) {
      Asked& asked = questions_[chance_.Below(kQuestions)];
      asked.message[0] = static_cast<std::uint8_t>(chance_.Below(256));  // of the id
      batch.push_back(asked);
    }
    return batch;
  }
  void Ask(const std::vector<Asked>& batch, bool forwards) {
    Request request;
    request.standing = standing_;
    request.now = clock_.now;
    request.wall_now = clock_.wall_now;
    request.outside = forwards ? &kNothingYet : nullptr;
    const auto view = reader_.Enter();
    for (Worker& worker : workers_) worker.Answer(*view, request, batch);
    if (chance_.Once(16)) CompareWithNew(*view, request, batch);
  }
  void CompareWithNew(const catalog::View& view, const Request& terms,
                      const std::vector<Asked>& batch) {
    const auto anew = Anew(view);
    for (const Asked& asked : batch) {
      Request request = terms;
      request.message = asked.message;
      request.tcp = asked.tcp;
      EXPECT_EQ(Reply(view, request), Reply(*anew, request)) << "the tree has its past in it";
    }
  }
  Octets Reply(const catalog::View& view, const Request& request) {
    Octets out(wire::kMaxMessageSize);
    out.resize(maker_.Respond(view, request, out).size);
    return out;
  }

  static constexpr unsigned kQuestions = 100;
  inline static const std::vector<OutsideResult> kNothingYet;
  Chance chance_;
  MovedClock clock_;
  catalog::Publisher publisher_;
  catalog::Publisher::Reader reader_ = publisher_.AddReader();
  Store store_{chance_, publisher_, clock_};
  const Zones zones_{{.names = Store::Names()}};
  Responder maker_{zones_, {.nsid = "rollcall"}};
  // One whose ring goes round all the time, and one that has room for everything.
  std::array<Worker, 2> workers_ = {Worker(zones_, 1 << 13), Worker(zones_, 1 << 20)};
  std::vector<Asked> questions_;
  Standing standing_ = Standing::kNever;
};

struct Seeds {
  unsigned first = 1;
  unsigned last = 4;
};

Seeds WantedSeeds() {
  Seeds seeds;
  const char* const wanted = std::getenv("ROLLCALL_READY_SEEDS");  // NOLINT(concurrency-mt-unsafe)
  if (wanted == nullptr) return seeds;
  EXPECT_EQ(std::sscanf(wanted, "%u-%u", &seeds.first, &seeds.last), 2) << "wanted: 1-1000";
  return seeds;
}

TEST(ReadyDifferentialTest, WhatIsKeptIsWhatWouldBeMade) {
  const Seeds seeds = WantedSeeds();
  Tally all;
  for (unsigned seed = seeds.first; seed <= seeds.last && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Tally tally = World(seed).Run(1'000);
    all.ready += tally.ready;
    all.replies += tally.replies;
  }
  EXPECT_GT(all.ready, all.replies / 5) << "of " << all.replies;
}

}  // namespace
}  // namespace rollcall::answer
