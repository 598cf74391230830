// store_load URL MODE [NUMBERS] - a load for whatever speaks the etcd v3 API, on the
// official gRPC client; prints one JSON object.
//
//   latency COUNT            puts one after the other: microseconds to the answer
//   throughput FLIGHT MS     so many puts under way at any time, for so long: puts a second
//   watch COUNT              puts one after the other: microseconds to a watch's event
//   fill KEYS                that many keys, 100 to a transaction
//   ready                    returns when a linearizable read is answered
//
// Values have 200 octets; keys are as long as a registration's.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "etcd/rpc.grpc.pb.h"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "store_load: %s\n", why.c_str());
  std::_Exit(1);
}

void Require(const grpc::Status& status) {
  if (!status.ok()) Die(status.error_message());
}

std::string Key(std::uint64_t number) {
  char key[80];
  (void)std::snprintf(key, sizeof key, "/skydns/internal/prom/node/host-%016llx",
                      static_cast<unsigned long long>(number));
  return key;
}

etcdserverpb::PutRequest PutOf(std::uint64_t number) {
  etcdserverpb::PutRequest request;
  request.set_key(Key(number));
  request.set_value(std::string(200, 'v'));
  return request;
}

double Micros(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void PrintDistribution(std::vector<double> micros) {
  std::sort(micros.begin(), micros.end());
  const auto at = [&](double share) {
    const auto i = static_cast<std::size_t>(share * static_cast<double>(micros.size()));
    return micros[std::min(i, micros.size() - 1)];
  };
  std::printf(R"({"count": %zu, "p50": %.1f, "p90": %.1f, "p99": %.1f, "max": %.1f})"
              "\n",
              micros.size(), at(0.5), at(0.9), at(0.99), micros.back());
}

class Load {
 public:
  explicit Load(const std::string& url) {
    const std::string target = url.substr(url.find("://") + 3);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    // Else `ready` measures in steps of a second.
    for (const char* backoff :
         {GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
          GRPC_ARG_MAX_RECONNECT_BACKOFF_MS}) {
      arguments.SetInt(backoff, 20);
    }
    channel_ = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
    kv_ = etcdserverpb::KV::NewStub(channel_);
    watch_ = etcdserverpb::Watch::NewStub(channel_);
  }

  void Latency(int count) {
    std::vector<double> micros;
    for (int i = 0; i < count + kWarmUp; ++i) {
      const auto begun = Clock::now();
      PutOne(static_cast<std::uint64_t>(i % 1000));
      if (i >= kWarmUp) micros.push_back(Micros(Clock::now() - begun));
      // As from one agent: the store rests in between.
      std::this_thread::sleep_for(milliseconds(1));
    }
    PrintDistribution(std::move(micros));
  }

  void Watch(int count) {
    grpc::ClientContext context;
    const auto stream = watch_->Watch(&context);
    etcdserverpb::WatchRequest create;
    create.mutable_create_request()->set_key("/skydns/");
    create.mutable_create_request()->set_range_end("/skydns0");
    etcdserverpb::WatchResponse response;
    if (!stream->Write(create) || !stream->Read(&response)) Die("no watch");
    std::vector<double> micros;
    std::atomic<Clock::rep> sent = 0;
    std::mutex mutex;
    std::condition_variable seen;
    int events = 0;
    std::thread reader([&] {
      etcdserverpb::WatchResponse event;
      while (stream->Read(&event)) {
        const double took = Micros(Clock::now().time_since_epoch() - Clock::duration(sent));
        const std::lock_guard lock(mutex);
        events += event.events_size();
        if (events > kWarmUp) micros.push_back(took);
        seen.notify_one();
      }
    });
    for (int i = 0; i < count + kWarmUp; ++i) {
      sent = Clock::now().time_since_epoch().count();
      PutOne(static_cast<std::uint64_t>(i % 1000));
      std::unique_lock lock(mutex);
      if (!seen.wait_for(lock, std::chrono::seconds(10), [&] { return events > i; })) {
        Die("an event did not come");
      }
      lock.unlock();
      std::this_thread::sleep_for(milliseconds(1));
    }
    context.TryCancel();
    reader.join();
    PrintDistribution(std::move(micros));
  }

  // On one thread and one completion queue, which is the least that gRPC costs a client: it
  // shares the machine with the server.
  void Throughput(int flight, milliseconds time) {
    const auto begun = Clock::now();
    const auto end = begun + time;
    std::vector<Flight> flights(static_cast<std::size_t>(flight));
    for (Flight& one : flights) {
      one.random.seed(static_cast<unsigned>(&one - flights.data() + 1));
      Send(one);
    }
    std::uint64_t done = 0;
    void* tag = nullptr;
    bool ok = false;
    while (flight > 0 && queue_.Next(&tag, &ok)) {
      Flight& one = *static_cast<Flight*>(tag);
      Require(one.status);
      ++done;
      if (Clock::now() < end) {
        Send(one);
      } else {
        --flight;
      }
    }
    const std::chrono::duration<double> took = Clock::now() - begun;
    std::printf(R"({"puts": %llu, "puts_per_second": %.0f})"
                "\n",
                static_cast<unsigned long long>(done), static_cast<double>(done) / took.count());
  }

  void Fill(std::uint64_t keys) {
    constexpr int kFlight = 16;
    std::atomic<std::uint64_t> next = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kFlight; ++t) {
      threads.emplace_back([&] {
        for (std::uint64_t from = 0; (from = next.fetch_add(100)) < keys;) {
          etcdserverpb::TxnRequest txn;
          for (std::uint64_t i = from; i < std::min(from + 100, keys); ++i) {
            // In no order, as hosts come.
            *txn.add_success()->mutable_request_put() = PutOf(i * 0x9E3779B97F4A7C15ULL);
          }
          grpc::ClientContext context;
          etcdserverpb::TxnResponse response;
          Require(kv_->Txn(&context, txn, &response));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::printf(R"({"keys": %llu})"
                "\n",
                static_cast<unsigned long long>(keys));
  }

  void Ready() {
    const auto limit = Clock::now() + std::chrono::seconds(120);
    for (;;) {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      context.set_deadline(std::chrono::system_clock::now() + milliseconds(500));
      etcdserverpb::RangeRequest request;
      request.set_key("/");
      etcdserverpb::RangeResponse response;
      if (kv_->Range(&context, request, &response).ok()) break;
      if (Clock::now() > limit) Die("no answer in two minutes");
    }
    std::printf("{}\n");
  }

 private:
  static constexpr int kWarmUp = 100;

  // One put under way, and the next one after it.
  struct Flight {
    std::minstd_rand random;
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::PutResponse>> call;
    etcdserverpb::PutResponse response;
    grpc::Status status;
  };

  void PutOne(std::uint64_t number) {
    grpc::ClientContext context;
    etcdserverpb::PutResponse response;
    Require(kv_->Put(&context, PutOf(number), &response));
  }

  void Send(Flight& flight) {
    flight.call.reset();
    flight.context = std::make_unique<grpc::ClientContext>();
    flight.call = kv_->AsyncPut(flight.context.get(), PutOf(flight.random() % 100'000), &queue_);
    flight.call->Finish(&flight.response, &flight.status, &flight);
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<etcdserverpb::KV::Stub> kv_;
  std::unique_ptr<etcdserverpb::Watch::Stub> watch_;
  grpc::CompletionQueue queue_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i) { return i < argc ? std::atoll(argv[i]) : 0; };
  if (argc < 3) Die("usage: store_load URL MODE [NUMBERS]");
  Load load(argv[1]);
  const std::string mode = argv[2];
  if (mode == "latency") {
    load.Latency(static_cast<int>(number(3)));
  } else if (mode == "throughput") {
    load.Throughput(static_cast<int>(number(3)), milliseconds(number(4)));
  } else if (mode == "watch") {
    load.Watch(static_cast<int>(number(3)));
  } else if (mode == "fill") {
    load.Fill(static_cast<std::uint64_t>(number(3)));
  } else if (mode == "ready") {
    load.Ready();
  } else {
    Die("no such mode: " + mode);
  }
  return 0;
}
