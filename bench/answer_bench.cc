// What one question costs from octets to octets, without sockets.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "answer/respond.h"
#include "catalog/registration.h"

namespace rollcall::answer {
namespace {

wire::Name N(const std::string& text) {
  return wire::Name::FromText(text).value();
}

// A zone of 10,000 instances, 100 of them under each service, and one of three.
class Setup {
 public:
  Setup() {
    for (int service = 0; service < 100; ++service) {
      for (int i = 0; i < 100; ++i) Put("s" + std::to_string(service), i);
    }
    for (int i = 0; i < 3; ++i) Put("node", i);
  }

  catalog::View view;
  Zones zones{{.names = {N("prom.internal")}}};

 private:
  void Put(const std::string& service, int i) {
    const std::string key =
        "/skydns/internal/prom/" + service + "/host-" + std::to_string(1000 + i);
    const std::string value = R"({"host":"10.0.0.)" + std::to_string(i) + R"(","port":9100})";
    const store::KeyValue kv{.key = key, .value = value};
    view.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
  }
};

const Setup& TheSetup() {
  static const Setup setup;
  return setup;
}

// With RD and an OPT of 4096 octets, as Prometheus asks.
std::vector<std::uint8_t> Message(const std::string& name, wire::Type type) {
  std::vector<std::uint8_t> out = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
  const wire::Name owner = N(name);
  for (const char c : owner.view().wire()) out.push_back(static_cast<std::uint8_t>(c));
  for (const int octet : {0, static_cast<int>(type), 0, 1}) {
    out.push_back(static_cast<std::uint8_t>(octet));
  }
  for (const int octet : {0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0}) {
    out.push_back(static_cast<std::uint8_t>(octet));
  }
  return out;
}

void Ask(benchmark::State& state, const std::string& name, wire::Type type, bool tcp,
         wire::Rcode expected) {
  const Setup& setup = TheSetup();
  Responder responder(setup.zones, {});
  const std::vector<std::uint8_t> message = Message(name, type);
  std::vector<std::uint8_t> out(wire::kMaxMessageSize);
  Request request;
  request.message = message;
  request.tcp = tcp;
  Responded responded;
  for (auto _ : state) {
    responded = responder.Respond(setup.view, request, out);
    benchmark::DoNotOptimize(out.data());
  }
  if (responded.outcome != Outcome::kReply || responded.rcode != expected || responded.truncated) {
    state.SkipWithError("not the reply it should be");
  }
  state.counters["octets"] = static_cast<double>(responded.size);
}

using wire::Rcode;
using wire::Type;

BENCHMARK_CAPTURE(Ask, a, "host-1001.node.prom.internal", Type::kA, false, Rcode::kNoError);
BENCHMARK_CAPTURE(Ask, srv_of_3_with_glue, "node.prom.internal", Type::kSrv, false,
                  Rcode::kNoError);
BENCHMARK_CAPTURE(Ask, nxdomain, "nowhere.prom.internal", Type::kSrv, false, Rcode::kNxDomain);
BENCHMARK_CAPTURE(Ask, srv_of_100_by_tcp, "s7.prom.internal", Type::kSrv, true, Rcode::kNoError);

// A zone of services of three instances, which are asked for in random order: a million of them
// are in no cache.
class Fleet {
 public:
  explicit Fleet(std::int64_t size) {
    for (std::int64_t i = 0; i < size; ++i) {
      const std::string key =
          "/skydns/internal/prom/s" + std::to_string(i / 3) + "/host-" + std::to_string(i % 3);
      const store::KeyValue kv{.key = key, .value = R"({"host":"10.0.0.1","port":9100})"};
      view.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
    }
  }

  [[nodiscard]] static const Fleet& Of(std::int64_t size) {
    static std::map<std::int64_t, Fleet> fleets;
    return fleets.try_emplace(size, size).first->second;
  }

  catalog::View view;
  Zones zones{{.names = {N("prom.internal")}}};
};

void AskAll(benchmark::State& state, const std::string& first, wire::Type type, Rcode expected) {
  const Fleet& fleet = Fleet::Of(state.range(0));
  std::mt19937_64 random(1);
  std::vector<std::vector<std::uint8_t>> messages;
  for (int i = 0; i < 1 << 16; ++i) {
    const std::uint64_t service = random() % (static_cast<std::uint64_t>(state.range(0)) / 3);
    messages.push_back(Message(first + std::to_string(service) + ".prom.internal", type));
  }
  Responder responder(fleet.zones, {});
  std::vector<std::uint8_t> out(wire::kMaxMessageSize);
  Request request;
  std::size_t n = 0;
  for (auto _ : state) {
    request.message = messages[n++ % messages.size()];
    const Responded responded = responder.Respond(fleet.view, request, out);
    if (responded.rcode != expected) return state.SkipWithError("not the reply it should be");
  }
}

BENCHMARK_CAPTURE(AskAll, a, "host-1.s", Type::kA, Rcode::kNoError)->Arg(3000)->Arg(1'000'000);
BENCHMARK_CAPTURE(AskAll, srv_of_3_with_glue, "s", Type::kSrv, Rcode::kNoError)
    ->Arg(3000)
    ->Arg(1'000'000);
BENCHMARK_CAPTURE(AskAll, nxdomain, "nowhere", Type::kSrv, Rcode::kNxDomain)
    ->Arg(3000)
    ->Arg(1'000'000);

}  // namespace
}  // namespace rollcall::answer
