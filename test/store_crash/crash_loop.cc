// crash_loop URL ROUNDS AFTER SERVER ARGUMENTS... - kills a server again and again under
// writers and watches, and judges what is left.
//
// AFTER is a command that is run, without a shell, after each kill; "": none.
//
// After each restart: every acknowledged write is there; of each pair of keys that is put
// in one transaction both or none; acknowledged leases are there; the revision is not
// below one that was acknowledged; each watch, resumed from its last revision, has seen
// each event once, in order, and in the end what the store holds.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ledger.h"
#include "store/etcd/client.h"

namespace rollcall::crash {
namespace {

using std::chrono::milliseconds;
using store::After;

constexpr milliseconds kPatience{10'000};
const std::string kPrefix = "/crash/";

[[noreturn]] void Failed(const std::string& what) {
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  std::_Exit(1);
}

pid_t Spawn(char* const* command) {
  const pid_t child = fork();
  if (child < 0) Failed("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // should we fail, it is not left behind
    execvp(command[0], command);
    _exit(127);
  }
  return child;
}

int WaitFor(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) Failed("waitpid");
  return status;
}

class Server {
 public:
  Server(char* const* command, char* after) : command_(command), after_(after) {}

  void Start() { child_ = Spawn(command_); }
  void Kill() {
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) != 0) Failed("the server ended by itself");
    (void)kill(child_, SIGKILL);
    (void)WaitFor(child_);
    if (*after_ == '\0') return;
    char* const command[] = {after_, nullptr};
    if (WaitFor(Spawn(command)) != 0) Failed(std::string(after_) + " did not succeed");
  }

 private:
  char* const* const command_;
  char* const after_;
  pid_t child_ = -1;
};

std::unique_ptr<store::Store> Connect(const std::string& url) {
  store::etcd::Options options;
  options.endpoints = {url};
  auto client = store::etcd::Connect(options);
  if (!client) Failed(client.error().message);
  return *std::move(client);
}

// --- writing

// Puts pairs with growing numbers until stopped; errors are what a crash looks like.
class Writer {
 public:
  Writer(const std::string& url, int id, Ledger& ledger)
      : client_(Connect(url)), name_("w" + std::to_string(id)), ledger_(ledger) {}

  void Run(const std::atomic<bool>& stop) {
    std::minstd_rand random(std::random_device{}());
    while (!stop) {
      const std::string name = name_ + "-" + std::to_string(random() % 20);
      const std::uint64_t number = ++number_;
      const std::string value = std::to_string(number);
      ledger_.Sending(name, number);
      const auto done =
          client_->Txn({{},
                        {store::PutOp{kPrefix + "a/" + name, value + Padding(random()), 0},
                         store::PutOp{kPrefix + "b/" + name, value, 0}},
                        {}},
                       After(milliseconds(1000)));
      if (done) ledger_.Acknowledged(name, number, done->header.revision);
      if (number % 50 == 0) Grant();
    }
  }

 private:
  static std::string Padding(std::uint64_t draw) {
    return " " + std::string(draw % 3 == 0 ? draw % 3000 : 20, 'x');
  }
  void Grant() {
    const auto lease = client_->LeaseGrant(std::chrono::hours(1), 0, After(milliseconds(1000)));
    if (lease) ledger_.Granted(lease->id);
  }

  std::unique_ptr<store::Store> client_;
  const std::string name_;
  Ledger& ledger_;
  std::uint64_t number_ = 0;
};

// --- watching

std::uint64_t NumberOf(const std::string& value) {
  return std::strtoull(value.c_str(), nullptr, 10);
}

// Follows from revision 1, across every crash, resuming from the last revision + 1.
class Watcher {
 public:
  explicit Watcher(const std::string& url) : client_(Connect(url)) {}

  void Run(const std::atomic<bool>& stop) {
    while (!stop) {
      auto watch = client_->StartWatch({{store::KeyRange::Prefix(kPrefix)}, last_ + 1},
                                       After(milliseconds(500)));
      if (!watch) continue;
      while (!stop) {
        const auto batch = (*watch)->Next(After(milliseconds(200)));
        if (batch) {
          Take(*batch);
        } else if (batch.error().code == ErrorCode::kCompacted) {
          Failed("a watch was told that its history is gone");
        } else if (batch.error().code != ErrorCode::kDeadline) {
          break;
        }
      }
    }
  }
  [[nodiscard]] Revision last() const { return last_; }
  // Only while Run() does not.
  [[nodiscard]] const std::map<std::string, std::string>& values() const { return values_; }

 private:
  void Take(const store::WatchBatch& batch) {
    Revision revision = last_;
    for (const store::Event& event : batch.events) {
      const Revision now = event.kv.mod_revision;
      if (now <= last_) Failed("an event came twice: revision " + std::to_string(now));
      if (now < revision) Failed("events went back to revision " + std::to_string(now));
      revision = now;
      std::string& value = values_[event.kv.key];
      if (NumberOf(event.kv.value) <= NumberOf(value)) {
        Failed(event.kv.key + " went back from " + value + " to " + event.kv.value);
      }
      value = event.kv.value;
      const std::int64_t seen = ++versions_[event.kv.key];
      if (event.kv.version != seen) {
        Failed(event.kv.key + " missed an event: version " + std::to_string(event.kv.version) +
               " after " + std::to_string(seen - 1));
      }
    }
    last_ = batch.revision;
  }

  std::unique_ptr<store::Store> client_;
  std::atomic<Revision> last_{0};
  std::map<std::string, std::string> values_;
  std::map<std::string, std::int64_t> versions_;
};

// --- judging

store::RangeResponse ReadAll(store::Store& store) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    auto all = store.Range({.keys = store::KeyRange::Prefix(kPrefix)}, After(milliseconds(1000)));
    if (all) return *std::move(all);
    if (std::chrono::steady_clock::now() > limit) {
      Failed("the server did not come back: " + all.error().message);
    }
  }
}

void JudgeStore(store::Store& store, const Ledger& ledger, Revision seen) {
  const auto pairs = ledger.pairs();
  const Revision highest = std::max(ledger.highest(), seen);
  const auto all = ReadAll(store);
  if (all.header.revision < highest) {
    Failed("the revision went back from " + std::to_string(highest) + " to " +
           std::to_string(all.header.revision));
  }
  std::map<std::string, store::KeyValue> found;
  for (const auto& kv : all.kvs) found.emplace(kv.key, kv);
  for (const auto& [name, pair] : pairs) {
    const auto a = found.find(kPrefix + "a/" + name);
    const auto b = found.find(kPrefix + "b/" + name);
    if ((a == found.end()) != (b == found.end())) Failed(name + ": half of a transaction is there");
    const std::uint64_t number = a == found.end() ? 0 : NumberOf(a->second.value);
    if (a != found.end() &&
        (number != NumberOf(b->second.value) || a->second.mod_revision != b->second.mod_revision)) {
      Failed(name + ": halves of two transactions are there");
    }
    if (number < pair.acked) {
      Failed(name + ": " + std::to_string(pair.acked) + " was acknowledged, " +
             std::to_string(number) + " is there");
    }
    if (number > pair.sent) Failed(name + ": a number that nobody sent");
  }
  for (const store::LeaseId lease : ledger.leases()) {
    const auto times = store.LeaseTimeToLive(lease, After(kPatience));
    if (!times) Failed("lease " + std::to_string(lease) + " was acknowledged and is not there");
  }
}

void JudgeWatcher(store::Store& store, const Watcher& watcher) {
  const auto all = ReadAll(store);
  if (all.kvs.size() != watcher.values().size()) Failed("a watch and the store hold other keys");
  for (const auto& kv : all.kvs) {
    const auto seen = watcher.values().find(kv.key);
    if (seen == watcher.values().end() || seen->second != kv.value) {
      Failed(kv.key + ": a watch has seen another value than the store holds");
    }
  }
}

using Watchers = std::vector<std::unique_ptr<Watcher>>;

// The highest revision that was sent to anybody: it must have been durable.
Revision Seen(const Watchers& watchers) {
  Revision seen = 0;
  for (const auto& watcher : watchers) seen = std::max(seen, watcher->last());
  return seen;
}

void WaitFor(const Watcher& watcher, Revision revision) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (watcher.last() < revision) {
    if (std::chrono::steady_clock::now() > limit) {
      Failed("a watch stands at revision " + std::to_string(watcher.last()) + " of " +
             std::to_string(revision));
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
}

int Main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: crash_loop URL ROUNDS AFTER SERVER ARGUMENTS...\n");
    return 2;
  }
  const std::string url = argv[1];
  const int rounds = std::atoi(argv[2]);
  Server server(argv + 4, argv[3]);

  Ledger ledger;
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 0; i < 8; ++i) writers.push_back(std::make_unique<Writer>(url, i, ledger));
  Watchers watchers;
  for (int i = 0; i < 2; ++i) watchers.push_back(std::make_unique<Watcher>(url));
  const auto client = Connect(url);

  std::atomic<bool> stop_watching = false;
  std::vector<std::jthread> watching;
  for (auto& watcher : watchers) watching.emplace_back([&] { watcher->Run(stop_watching); });
  std::minstd_rand random(std::random_device{}());
  for (int round = 1; round <= rounds; ++round) {
    server.Start();
    JudgeStore(*client, ledger, Seen(watchers));
    std::atomic<bool> stop = false;
    {
      std::vector<std::jthread> writing;
      for (auto& writer : writers) writing.emplace_back([&] { writer->Run(stop); });
      const auto end = std::chrono::steady_clock::now() + milliseconds(100 + random() % 900);
      std::this_thread::sleep_until(end);
      server.Kill();  // in the midst of their writes
      stop = true;
    }
    std::printf("round %d: %llu acknowledged, revision %lld\n", round,
                static_cast<unsigned long long>(ledger.acknowledged()),
                static_cast<long long>(ledger.highest()));
    std::fflush(stdout);
  }
  server.Start();
  JudgeStore(*client, ledger, Seen(watchers));
  const Revision last = ReadAll(*client).header.revision;
  for (auto& watcher : watchers) WaitFor(*watcher, last);
  stop_watching = true;
  watching.clear();
  for (auto& watcher : watchers) JudgeWatcher(*client, *watcher);
  server.Kill();
  if (ledger.acknowledged() == 0) Failed("nothing was ever acknowledged");
  std::printf("%d rounds, %llu acknowledged, nothing lost\n", rounds,
              static_cast<unsigned long long>(ledger.acknowledged()));
  return 0;
}

}  // namespace
}  // namespace rollcall::crash

int main(int argc, char** argv) {
  return rollcall::crash::Main(argc, argv);
}
