// fleet_load URL fill COUNT PER ZONES                     - that many registrations, 128 to a
//                                                           transaction, which is etcd's limit
// fleet_load URL churn COUNT PER ZONES RATE SECONDS TXN   - of them RATE a second get another port,
//                                                           TXN to a transaction
//
// Registers a fleet by the etcd v3 API: services of PER instances, dealt out to ZONES zones in
// turn. Instance I is hI of the service sS, S = I / PER, in zoneZ.test, Z = S % ZONES.  Prints one
// JSON object; `octets` are those of the keys and values.
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "etcd/rpc.grpc.pb.h"

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const std::string& why) {
  fmt::print(stderr, "fleet_load: {}\n", why);
  std::_Exit(1);
}

struct Fleet {
  std::uint64_t count;
  std::uint64_t per;
  std::uint64_t zones;
};

void Add(etcdserverpb::TxnRequest& txn, const Fleet& fleet, std::uint64_t i, unsigned port) {
  const std::uint64_t service = i / fleet.per;
  etcdserverpb::PutRequest& put = *txn.add_success()->mutable_request_put();
  put.set_key(fmt::format("/skydns/test/zone{}/s{}/h{}", service % fleet.zones, service, i));
  put.set_value(fmt::format(R"({{"host":"10.{}.{}.{}","port":{}}})", i >> 16 & 255, i >> 8 & 255,
                            i & 255, port));
}

std::uint64_t Octets(const etcdserverpb::TxnRequest& txn) {
  std::uint64_t octets = 0;
  for (const auto& operation : txn.success()) {
    octets += operation.request_put().key().size() + operation.request_put().value().size();
  }
  return octets;
}

class Load {
 public:
  Load(std::string_view url, const Fleet& fleet) : fleet_(fleet) {
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    channel_ = grpc::CreateChannel(std::string(url), grpc::InsecureChannelCredentials());
    kv_ = etcdserverpb::KV::NewStub(channel_);
  }

  void Fill() {
    constexpr std::uint64_t kPuts = 128;
    std::atomic<std::uint64_t> next = 0;
    std::atomic<std::uint64_t> octets = 0;
    InThreads(16, [&](unsigned) {
      for (std::uint64_t from = 0; (from = next.fetch_add(kPuts)) < fleet_.count;) {
        etcdserverpb::TxnRequest txn;
        for (std::uint64_t i = from; i < std::min(from + kPuts, fleet_.count); ++i) {
          Add(txn, fleet_, i, 9100);
        }
        octets += Octets(txn);
        Commit(txn);
      }
    });
    fmt::print(R"({{"keys":{},"octets":{}}})"
               "\n",
               fleet_.count, octets.load());
  }

  // By the clock, not by the answers: who is late catches up.
  void Churn(std::uint64_t rate, std::chrono::seconds time, std::uint64_t puts) {
    constexpr unsigned kThreads = 8;
    const auto begun = Clock::now();
    const auto step = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(puts) / static_cast<double>(rate)));
    std::atomic<std::uint64_t> done = 0;
    std::array<Clock::duration, kThreads> late{};
    InThreads(kThreads, [&](unsigned thread) {
      std::minstd_rand random(thread + 1);
      for (auto due = begun + step * thread; due < begun + time; due += step * kThreads) {
        std::this_thread::sleep_until(due);
        late[thread] = std::max(late[thread], Clock::now() - due);
        etcdserverpb::TxnRequest txn;
        const std::uint64_t from = random() % (fleet_.count - puts + 1);
        for (std::uint64_t i = from; i < from + puts; ++i) {
          Add(txn, fleet_, i, 9101 + static_cast<unsigned>(random() % 1000));
        }
        Commit(txn);
        done += puts;
      }
    });
    const std::chrono::duration<double> took = Clock::now() - begun;
    const std::chrono::duration<double, std::milli> latest =
        *std::max_element(late.begin(), late.end());
    fmt::print(R"({{"puts":{},"seconds":{:.3f},"late_ms":{:.1f}}})"
               "\n",
               done.load(), took.count(), latest.count());
  }

 private:
  static void InThreads(unsigned count, const std::function<void(unsigned)>& work) {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  }

  void Commit(const etcdserverpb::TxnRequest& txn) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    etcdserverpb::TxnResponse response;
    const grpc::Status status = kv_->Txn(&context, txn, &response);
    if (!status.ok()) Die(status.error_message());
  }

  const Fleet fleet_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<etcdserverpb::KV::Stub> kv_;
};

}  // namespace

int main(int count, char** words) {
  const std::string_view mode = count > 2 ? words[2] : "";
  std::array<std::uint64_t, 6> numbers{};
  for (int i = 3; i < count && i < 9; ++i) {
    const std::string_view text = words[i];
    if (std::from_chars(text.begin(), text.end(), numbers[static_cast<std::size_t>(i - 3)]).ptr !=
        text.end()) {
      Die(fmt::format("no number: {}", text));
    }
  }
  const Fleet fleet{.count = numbers[0], .per = numbers[1], .zones = numbers[2]};
  const bool fleet_is_sound = fleet.count > 0 && fleet.per > 0 && fleet.zones > 0;
  if (mode == "fill" && count == 6 && fleet_is_sound) {
    Load(words[1], fleet).Fill();
  } else if (mode == "churn" && count == 9 && fleet_is_sound && numbers[3] > 0 && numbers[5] > 0 &&
             numbers[5] <= fleet.count) {
    Load(words[1], fleet).Churn(numbers[3], std::chrono::seconds(numbers[4]), numbers[5]);
  } else {
    Die("usage: fleet_load URL fill COUNT PER ZONES | URL churn COUNT PER ZONES RATE SECONDS TXN");
  }
  return 0;
}
