// What it costs a DNS worker to remember who asks, beside the question itself.
#include <benchmark/benchmark.h>
#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <vector>

#include "answer/respond.h"
#include "catalog/registration.h"
#include "serving/dns/notice.h"

namespace rollcall::serving::dns {
namespace {

wire::Name N(const std::string& text) {
  return wire::Name::FromText(text).value();
}

// Ten services of three instances each.
class Setup {
 public:
  Setup() {
    for (int service = 0; service < 10; ++service) {
      for (int i = 0; i < 3; ++i) {
        const std::string key =
            "/skydns/internal/prom/s" + std::to_string(service) + "/host-" + std::to_string(i);
        const store::KeyValue kv{.key = key, .value = R"({"host":"10.0.0.1","port":9100})"};
        view.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
      }
    }
  }

  catalog::View view;
  answer::Zones zones{{.names = {N("prom.internal")}}};
};

std::vector<std::uint8_t> Message(const std::string& name, wire::Type type) {
  std::vector<std::uint8_t> out = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const wire::Name owner = N(name);
  for (const char c : owner.view().wire()) out.push_back(static_cast<std::uint8_t>(c));
  for (const int octet : {0, static_cast<int>(type), 0, 1}) {
    out.push_back(static_cast<std::uint8_t>(octet));
  }
  return out;
}

enum class Clients { kNobody, kFew, kStrangers };

void Ask(benchmark::State& state, const std::string& name, wire::Type type, Clients clients) {
  static const Setup setup;
  answer::Responder responder(setup.zones, {});
  const std::vector<std::uint8_t> message = Message(name, type);
  std::vector<std::uint8_t> out(wire::kMaxMessageSize);
  answer::Request request;
  request.message = message;
  seen::Tap tap;
  seen::Sighting sighting;
  sockaddr_in source{};
  source.sin_family = AF_INET;
  SteadyTime now(std::chrono::hours(1));
  std::uint32_t n = 0;
  for (auto _ : state) {
    const answer::Responded said = responder.Respond(setup.view, request, out);
    benchmark::DoNotOptimize(out.data());
    if (clients == Clients::kNobody) continue;
    // Some Prometheis, or each question from somebody new: the worst that can come.
    ++n;
    source.sin_addr.s_addr = clients == Clients::kFew ? n % 16 : n;
    now += std::chrono::microseconds(2);
    Notice(tap, setup.view, said, reinterpret_cast<const sockaddr*>(&source), false, now);
    if (n % 4096 == 0) {
      while (tap.Take(sighting)) benchmark::DoNotOptimize(sighting.count);
    }
  }
}

using wire::Type;
const char kService[] = "s7.prom.internal";
const char kInstance[] = "host-1.s7.prom.internal";

BENCHMARK_CAPTURE(Ask, srv_without, kService, Type::kSrv, Clients::kNobody);
BENCHMARK_CAPTURE(Ask, srv_of_16_clients, kService, Type::kSrv, Clients::kFew);
BENCHMARK_CAPTURE(Ask, srv_of_strangers, kService, Type::kSrv, Clients::kStrangers);
BENCHMARK_CAPTURE(Ask, a_of_an_instance_without, kInstance, Type::kA, Clients::kNobody);
BENCHMARK_CAPTURE(Ask, a_of_an_instance, kInstance, Type::kA, Clients::kFew);

}  // namespace
}  // namespace rollcall::serving::dns
