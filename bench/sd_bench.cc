// What an answer of http_sd costs: the visit of the view, which a writer waits for, and the text.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <string>

#include "catalog/marks.h"
#include "catalog/publisher.h"
#include "serving/sd/consul_json.h"
#include "serving/sd/gather.h"
#include "serving/sd/http_sd.h"

namespace rollcall::serving::sd {
namespace {

constexpr WallTime kNow{};

// `node` with so many instances that an agent keeps, as the largest fleets have them.
class Setup {
 public:
  explicit Setup(int instances) {
    publisher.Apply([&](catalog::View& view) {
      for (int i = 0; i < instances; ++i) Put(view, i);
    });
  }

  catalog::Publisher publisher;
  catalog::Readers readers{publisher};
  answer::Zones zones{{.names = {wire::Name::FromText("prom.internal").value()}}};
  const answer::Zone& zone = *zones.Match(wire::Name::FromText("node.prom.internal").value());
  answer::Choice choice{wire::Name::FromText("node.prom.internal").value()};

 private:
  static void Put(catalog::View& view, int i) {
    const std::string host = "server" + std::to_string(100'000 + i);
    const std::string key = "/skydns/internal/prom/node/" + host;
    const std::string value = R"({"host":"10.)" + std::to_string(i >> 16) + "." +
                              std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) +
                              R"(","port":9100,"rollcall":{"owner":"agent:)" + host +
                              R"(","labels":{"rack":"r)" + std::to_string(i % 500) +
                              R"(","role":"web"},"tags":["linux"]}})";
    view.tree.Put(
        catalog::MakeRegistration("/skydns", {.key = key, .value = value}, nullptr).value());
    view.marks.Set(model::Area::kAlive, key,
                   std::make_shared<const catalog::Mark>(
                       catalog::Mark{{.health = model::Health::kPassing}, true, 1}));
  }
};

Setup& Of(std::int64_t instances) {
  static Setup few(1'000);
  static Setup many(100'000);
  return instances > 1'000 ? many : few;
}

Gathered GatherAll(Setup& setup) {
  return Gather(setup.readers, setup.zones, setup.zone, setup.choice, answer::Hosts::kResolved,
                kNow);
}

// The longest time for which the view is held at once.
void Visit(benchmark::State& state) {
  Setup& setup = Of(state.range(0));
  auto reader = setup.readers.Borrow();
  for (auto _ : state) {
    const auto view = reader.Enter();
    auto found = answer::FindInstances(*view, setup.zones, setup.zone, setup.choice,
                                       answer::Hosts::kResolved, kNow);
    benchmark::DoNotOptimize(found.all.data());
    state.PauseTiming();
    found.all.clear();
    state.ResumeTiming();
  }
}
BENCHMARK(Visit)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void GatherWithStates(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(GatherAll(Of(state.range(0))).targets.data());
}
BENCHMARK(GatherWithStates)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void RenderHttpSd(benchmark::State& state) {
  Setup& setup = Of(state.range(0));
  const Gathered gathered = GatherAll(setup);
  SdAsk ask;
  ask.zone = &setup.zone;
  std::size_t octets = 0;
  for (auto _ : state) {
    octets = 0;
    (void)RenderSd(ask, gathered, [&](const std::string& piece) { octets += piece.size(); });
  }
  state.counters["octets"] = static_cast<double>(octets);
}
BENCHMARK(RenderHttpSd)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void RenderConsulHealth(benchmark::State& state) {
  Setup& setup = Of(state.range(0));
  const Gathered gathered = GatherAll(setup);
  ConsulAsk ask;
  ask.zone = &setup.zone;
  std::size_t octets = 0;
  for (auto _ : state) {
    octets = 0;
    (void)RenderHealth(ask, gathered, [&](const std::string& piece) { octets += piece.size(); });
  }
  state.counters["octets"] = static_cast<double>(octets);
}
BENCHMARK(RenderConsulHealth)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// The same groups by Boost.JSON: why JsonWriter is there.
void ByBoostJson(benchmark::State& state) {
  Setup& setup = Of(state.range(0));
  const Gathered gathered = GatherAll(setup);
  std::size_t octets = 0;
  for (auto _ : state) {
    boost::json::array groups;
    for (const Target& target : gathered.targets) {
      const catalog::Registration& one = *target.instance.registration;
      std::string address;
      AppendAddress(target.instance, address);
      boost::json::object labels{
          {"__meta_rollcall_service", ServiceOf(one, setup.zone)},
          {"__meta_rollcall_instance", InstanceOf(one)},
          {"__meta_rollcall_zone", ZoneText(setup.zone)},
          {"__meta_rollcall_state", std::string(model::ToString(target.state))},
          {"__meta_rollcall_health", std::string(HealthOf(target.state))},
          {"__meta_rollcall_address", address},
          {"__meta_rollcall_port", std::to_string(one.service.port)},
          {"__meta_rollcall_host", std::string(catalog::HostOf(one))},
          {"__meta_rollcall_owner", one.extension->owner},
          {"__meta_rollcall_tags", "," + one.extension->tags[0] + ","}};
      for (const auto& [name, value] : one.extension->labels) {
        labels["__meta_rollcall_label_" + name] = value;
      }
      groups.push_back({{"targets", {address + ":" + std::to_string(one.service.port)}},
                        {"labels", std::move(labels)}});
    }
    octets = boost::json::serialize(groups).size();
  }
  state.counters["octets"] = static_cast<double>(octets);
}
BENCHMARK(ByBoostJson)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rollcall::serving::sd
