// linear HOST:PORT SECONDS - clients read, write and compare-and-set a few keys at once,
// watches follow from everywhere; then judges what all of them were told.
//
// The server may be killed and started again meanwhile: what it left unanswered was done or
// was not, and watches go on behind the last event that they saw.  Nobody else may write.
//
// Registers: each key's history is linearizable.  Watches: every event once, in the order of
// revisions, without a gap, with what was there before; progress never ahead of events.
// Reads: each answer is the state at its header's revision.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "checker.h"
#include "etcd/rpc.grpc.pb.h"

namespace rollcall::linear {
namespace {

constexpr int kKeys = 5;
constexpr int kClients = 8;
constexpr int kWatches = 6;
// The last change of a run.  Watches end with it, and not at a revision: the event may come
// before the answer to the put.
constexpr const char* kEndKey = "/linear/end";
// Of one call, and of a watch's silence: the server has to be back by then.
constexpr std::chrono::seconds kPatience{20};

[[noreturn]] void Failed(const std::string& what) {
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  std::_Exit(1);
}

std::int64_t Now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

std::string Key(int number) {
  return "/linear/" + std::to_string(number);
}

// A call that waits for the server to be there, and whose answer has to come.
std::unique_ptr<grpc::ClientContext> Patient() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_wait_for_ready(true);
  context->set_deadline(std::chrono::system_clock::now() + kPatience);
  return context;
}

// False: the server went away before it answered.
bool IsAnswered(const grpc::Status& status) {
  if (status.ok()) return true;
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) Failed(status.error_message());
  return false;
}

std::int64_t ValueOf(const mvccpb::KeyValue& kv) {
  return std::strtoll(kv.value().c_str(), nullptr, 10);
}

// What a client was told: for the registers, and for the states.
struct Told {
  std::map<int, std::vector<Operation>> registers;
  struct Snapshot {
    std::int64_t revision = 0;
    std::map<std::string, std::string> values;
  };
  std::vector<Snapshot> snapshots;
  int unanswered = 0;
};

class Client {
 public:
  Client(const std::shared_ptr<grpc::Channel>& channel, unsigned seed,
         std::atomic<std::int64_t>& next_value)
      : kv_(etcdserverpb::KV::NewStub(channel)), random_(seed), next_value_(next_value) {}

  void Run(std::int64_t until) {
    while (Now() < until) {
      const int key = Below(kKeys);
      switch (Below(8)) {
        case 0:
        case 1:
          Note(key, Read(key));
          break;
        case 2:
        case 3:
          Note(key, Write(key));
          break;
        case 4:
          Note(key, Delete(key));
          break;
        case 5:
          ReadAll();
          break;
        default:
          Note(key, CompareAndSet(key));
      }
    }
  }
  [[nodiscard]] const Told& told() const { return told_; }

 private:
  int Below(int limit) { return std::uniform_int_distribution<>(0, limit - 1)(random_); }
  void Note(int key, Operation operation) {
    const bool unknown = operation.ended == kNever;
    if (unknown) ++told_.unanswered;
    // A read without an answer says nothing.
    if (!unknown || operation.kind != Operation::Kind::kRead) {
      told_.registers[key].push_back(operation);
    }
  }

  Operation Read(int key) {
    etcdserverpb::RangeRequest request;
    request.set_key(Key(key));
    etcdserverpb::RangeResponse response;
    Operation read{.begun = Now()};
    const bool answered = IsAnswered(kv_->Range(Patient().get(), request, &response));
    read.ended = answered ? Now() : kNever;
    if (!answered) return read;
    read.value = response.kvs().empty() ? 0 : ValueOf(response.kvs(0));
    last_[key] = read.value;
    return read;
  }

  Operation Write(int key) {
    etcdserverpb::PutRequest request;
    etcdserverpb::PutResponse response;
    Operation write{.kind = Operation::Kind::kWrite, .begun = Now(), .value = next_value_++};
    request.set_key(Key(key));
    request.set_value(std::to_string(write.value));
    write.ended = IsAnswered(kv_->Put(Patient().get(), request, &response)) ? Now() : kNever;
    return write;
  }

  Operation Delete(int key) {
    etcdserverpb::DeleteRangeRequest request;
    etcdserverpb::DeleteRangeResponse response;
    Operation write{.kind = Operation::Kind::kWrite, .begun = Now(), .value = 0};
    request.set_key(Key(key));
    const auto status = kv_->DeleteRange(Patient().get(), request, &response);
    write.ended = IsAnswered(status) ? Now() : kNever;
    return write;
  }

  Operation CompareAndSet(int key) {
    Operation set{
        .kind = Operation::Kind::kCompareAndSet, .value = next_value_++, .expected = last_[key]};
    etcdserverpb::TxnRequest request;
    auto& compare = *request.add_compare();
    compare.set_key(Key(key));
    if (set.expected == 0) {
      compare.set_target(etcdserverpb::Compare::VERSION);
      compare.set_version(0);
    } else {
      compare.set_target(etcdserverpb::Compare::VALUE);
      compare.set_value(std::to_string(set.expected));
    }
    auto& put = *request.add_success()->mutable_request_put();
    put.set_key(Key(key));
    put.set_value(std::to_string(set.value));
    request.add_failure()->mutable_request_range()->set_key(Key(key));
    etcdserverpb::TxnResponse response;
    set.begun = Now();
    const bool answered = IsAnswered(kv_->Txn(Patient().get(), request, &response));
    set.ended = answered ? Now() : kNever;
    if (!answered) return set;
    set.succeeded = response.succeeded();
    const auto& failure = response.responses(0).response_range();
    last_[key] = set.succeeded ? set.value : failure.kvs().empty() ? 0 : ValueOf(failure.kvs(0));
    return set;
  }

  void ReadAll() {
    etcdserverpb::RangeRequest request;
    request.set_key("/linear/");
    request.set_range_end("/linear0");
    etcdserverpb::RangeResponse response;
    if (!IsAnswered(kv_->Range(Patient().get(), request, &response))) {
      ++told_.unanswered;
      return;
    }
    auto& snapshot = told_.snapshots.emplace_back();
    snapshot.revision = response.header().revision();
    for (const auto& kv : response.kvs()) snapshot.values[kv.key()] = kv.value();
  }

  std::unique_ptr<etcdserverpb::KV::Stub> kv_;
  std::minstd_rand random_;
  std::atomic<std::int64_t>& next_value_;
  std::map<int, std::int64_t> last_;  // seen by this client
  Told told_;
};

// --- watches

class Watcher {
 public:
  // From behind the revision `after` on.
  Watcher(const std::shared_ptr<grpc::Channel>& channel, unsigned seed, std::int64_t after)
      : watch_(etcdserverpb::Watch::NewStub(channel)), random_(seed), seen_(after) {}

  // Follows to the last change; breaks off and resumes by chance, and when the server does.
  void Run() {
    while (!at_end_) Follow();
  }
  [[nodiscard]] const std::vector<mvccpb::Event>& events() const { return events_; }

 private:
  void Follow() {
    const auto context = Patient();
    const auto stream = watch_->Watch(context.get());
    etcdserverpb::WatchRequest request;
    auto& create = *request.mutable_create_request();
    create.set_key("/linear/");
    create.set_range_end("/linear0");
    create.set_start_revision(seen_ + 1);
    create.set_prev_kv(true);
    create.set_fragment(random_() % 2 == 0);
    (void)stream->Write(request);  // if it is not taken, nothing can be read either
    etcdserverpb::WatchRequest progress;
    progress.mutable_progress_request();
    const auto leave_after = 20 + random_() % 400;
    for (unsigned messages = 0; messages < leave_after && !at_end_; ++messages) {
      if (messages % 16 == 5) (void)stream->Write(progress);
      etcdserverpb::WatchResponse response;
      if (!stream->Read(&response)) {
        if (IsAnswered(stream->Finish())) Failed("a watch ended by itself");
        return;
      }
      if (response.canceled()) Failed("a watch was cancelled: " + response.cancel_reason());
      Take(response);
    }
    context->TryCancel();
  }

  void Take(etcdserverpb::WatchResponse& response) {
    const std::int64_t revision = response.header().revision();
    if (response.events().empty()) {
      // Progress: whatever is up to there has been sent.
      if (!response.created() && response.watch_id() == -1)
        progressed_ = std::max(progressed_, revision);
      return;
    }
    for (auto& event : *response.mutable_events()) {
      const std::int64_t now = event.kv().mod_revision();
      if (now < seen_)
        Failed("an event of revision " + std::to_string(now) + " came after " +
               std::to_string(seen_));
      if (now <= progressed_)
        Failed("progress was ahead of an event of revision " + std::to_string(now));
      if (now > revision) Failed("an event is newer than its header");
      seen_ = now;
      at_end_ = event.kv().key() == kEndKey;
      events_.push_back(std::move(event));
    }
  }

  std::unique_ptr<etcdserverpb::Watch::Stub> watch_;
  std::minstd_rand random_;
  std::int64_t seen_;
  bool at_end_ = false;
  std::int64_t progressed_ = 0;
  std::vector<mvccpb::Event> events_;
};

// --- judging

std::string Text(const mvccpb::Event& event) {
  return event.ShortDebugString();
}

void JudgeWatches(const std::vector<std::unique_ptr<Watcher>>& watchers) {
  const auto& first = watchers.front()->events();
  for (const auto& watcher : watchers) {
    const auto& events = watcher->events();
    for (std::size_t i = 0; i < std::max(events.size(), first.size()); ++i) {
      if (i >= events.size() || i >= first.size()) Failed("a watch saw more events than another");
      if (Text(events[i]) != Text(first[i])) {
        Failed("two watches saw other events:\n" + Text(events[i]) + "\n" + Text(first[i]));
      }
    }
  }
  std::map<std::string, mvccpb::KeyValue> before;
  std::int64_t revision = 0;
  for (const auto& event : first) {
    const std::string& key = event.kv().key();
    const bool was = before.contains(key);
    if (event.kv().mod_revision() <= revision) Failed("two events of one revision");
    if (revision > 0 && event.kv().mod_revision() != revision + 1)
      Failed("a gap before " + Text(event));
    revision = event.kv().mod_revision();
    if (was != event.has_prev_kv() ||
        (was && event.prev_kv().ShortDebugString() != before[key].ShortDebugString())) {
      Failed("not what was there before: " + Text(event));
    }
    if (event.type() == mvccpb::Event::DELETE) {
      if (!was) Failed("a deletion of nothing: " + Text(event));
      before.erase(key);
    } else {
      before[key] = event.kv();
    }
  }
}

void JudgeSnapshots(const std::vector<mvccpb::Event>& events,
                    std::vector<Told::Snapshot> snapshots) {
  std::sort(snapshots.begin(), snapshots.end(),
            [](const auto& a, const auto& b) { return a.revision < b.revision; });
  std::map<std::string, std::string> state;
  auto event = events.begin();
  for (const auto& snapshot : snapshots) {
    for (; event != events.end() && event->kv().mod_revision() <= snapshot.revision; ++event) {
      if (event->type() == mvccpb::Event::DELETE) {
        state.erase(event->kv().key());
      } else {
        state[event->kv().key()] = event->kv().value();
      }
    }
    if (state != snapshot.values) {
      Failed("a read of revision " + std::to_string(snapshot.revision) + " is not its state");
    }
  }
}

// Registers begin at 0.  The revision as of which they do.
std::int64_t Clear(etcdserverpb::KV::Stub& kv) {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key("/linear/");
  request.set_range_end("/linear0");
  etcdserverpb::DeleteRangeResponse response;
  if (!kv.DeleteRange(Patient().get(), request, &response).ok()) Failed("the server is not there");
  return response.header().revision();
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: linear HOST:PORT SECONDS\n");
    return 2;
  }
  const auto connect = [&](int i) {
    grpc::ChannelArguments own;
    own.SetInt("rollcall.number", i);  // a connection of its own
    own.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    own.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
    return grpc::CreateCustomChannel(argv[1], grpc::InsecureChannelCredentials(), own);
  };
  auto kv = etcdserverpb::KV::NewStub(connect(99));
  const std::int64_t start = Clear(*kv);
  std::atomic<std::int64_t> next_value = 1;
  std::vector<std::unique_ptr<Watcher>> watchers;
  std::vector<std::jthread> watching;
  for (int i = 0; i < kWatches; ++i) {
    watchers.push_back(
        std::make_unique<Watcher>(connect(100 + i), static_cast<unsigned>(i + 1), start));
    watching.emplace_back([&watcher = *watchers.back()] { watcher.Run(); });
  }
  std::vector<std::unique_ptr<Client>> clients;
  {
    const std::int64_t until = Now() + std::atoll(argv[2]) * 1'000'000'000;
    std::vector<std::jthread> working;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(
          std::make_unique<Client>(connect(i), static_cast<unsigned>(i + 1), next_value));
      working.emplace_back([&client = *clients.back(), until] { client.Run(until); });
    }
  }
  etcdserverpb::PutRequest request;
  request.set_key(kEndKey);
  etcdserverpb::PutResponse response;
  if (!kv->Put(Patient().get(), request, &response).ok()) Failed("the last put");
  watching.clear();

  std::size_t operations = 0;
  int unanswered = 0;
  std::vector<Told::Snapshot> snapshots;
  for (int key = 0; key < kKeys; ++key) {
    std::vector<Operation> history;
    for (const auto& client : clients) {
      const auto found = client->told().registers.find(key);
      if (found == client->told().registers.end()) continue;
      history.insert(history.end(), found->second.begin(), found->second.end());
    }
    operations += history.size();
    if (!IsLinearizable(history)) Failed(Key(key) + " is not linearizable");
  }
  for (const auto& client : clients) {
    unanswered += client->told().unanswered;
    const auto& told = client->told().snapshots;
    snapshots.insert(snapshots.end(), told.begin(), told.end());
  }
  JudgeWatches(watchers);
  JudgeSnapshots(watchers.front()->events(), snapshots);
  std::printf(
      "%zu operations of %d clients linearizable, %d unanswered, %zu events seen alike by %d "
      "watches, %zu reads are states\n",
      operations, kClients, unanswered, watchers.front()->events().size(), kWatches,
      snapshots.size());
  return 0;
}

}  // namespace
}  // namespace rollcall::linear

int main(int argc, char** argv) {
  return rollcall::linear::Main(argc, argv);
}
