// What the catalog's tree costs: looking names up, changing it, holding it.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "catalog/publisher.h"
#include "catalog/tree.h"

namespace rollcall::catalog {
namespace {

constexpr std::string_view kValue = R"({"host":"10.1.2.3","port":9100})";

// 1000 instances to a service, as fleets have them.
constexpr std::int64_t kService = 1000;

std::string KeyOfInstance(std::int64_t i, std::int64_t service = kService) {
  return fmt::format("/skydns/internal/prom/node{}/host-{:04}", i / service, i % service);
}

RegistrationPtr MakeInstance(std::int64_t i, store::Revision revision = 1,
                             std::int64_t service = kService) {
  const store::KeyValue kv = {
      .key = KeyOfInstance(i, service), .value = std::string(kValue), .mod_revision = revision};
  return MakeRegistration("/skydns", kv, nullptr).value();
}

std::size_t HeapInUse() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::unique_ptr<Tree> MakeTree(std::int64_t size) {
  auto tree = std::make_unique<Tree>();
  for (std::int64_t i = 0; i < size; ++i) tree->Put(MakeInstance(i));
  return tree;
}

// Names in random order, so that caches do not flatter.
std::vector<wire::Name> SomeNames(std::int64_t size, std::string_view zone) {
  std::mt19937_64 random(1);
  std::vector<wire::Name> names;
  for (int n = 0; n < 4096; ++n) {
    const auto i = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(size));
    names.push_back(
        wire::Name::FromText(fmt::format("host-{:04}.node{}.prom.{}", i % 1000, i / 1000, zone))
            .value());
  }
  return names;
}

void Find(benchmark::State& state, std::string_view zone) {
  const auto tree = MakeTree(state.range(0));
  const auto names = SomeNames(state.range(0), zone);
  std::size_t n = 0;
  for (auto _ : state) benchmark::DoNotOptimize(tree->Find(names[n++ % names.size()]));
}
void FindHit(benchmark::State& state) {
  Find(state, "internal");
}
void FindMiss(benchmark::State& state) {
  Find(state, "elsewhere");
}
BENCHMARK(FindHit)->Arg(1000)->Arg(1'000'000);
BENCHMARK(FindMiss)->Arg(1000)->Arg(1'000'000);

// The 1000 instances of one service, in key order.
void VisitService(benchmark::State& state) {
  const auto tree = MakeTree(state.range(0));
  const Node* const node = tree->Find(wire::Name::FromText("node0.prom.internal").value());
  for (auto _ : state) {
    std::int64_t ports = 0;
    tree->VisitSubtree(*node, false, [&](const Registration& registration) {
      ports += registration.service.port;
      return true;
    });
    benchmark::DoNotOptimize(ports);
  }
}
BENCHMARK(VisitService)->Arg(1000)->Arg(1'000'000);

// One new name put and erased again.
void PutErase(benchmark::State& state) {
  const auto tree = MakeTree(state.range(0));
  std::vector<RegistrationPtr> others;
  for (std::int64_t i = 0; i < 1024; ++i) others.push_back(MakeInstance(state.range(0) + i));
  std::size_t n = 0;
  for (auto _ : state) {
    const RegistrationPtr& registration = others[n++ % others.size()];
    tree->Put(registration);
    tree->Erase(registration->key, 2);
  }
}
BENCHMARK(PutErase)->Arg(1000)->Arg(1'000'000);

// A new value under a key that is there.
void Replace(benchmark::State& state) {
  const auto tree = MakeTree(state.range(0));
  std::mt19937_64 random(1);
  std::vector<RegistrationPtr> others;
  for (int n = 0; n < 4096; ++n) {
    const std::uint64_t i = random() % static_cast<std::uint64_t>(state.range(0));
    others.push_back(MakeInstance(static_cast<std::int64_t>(i), 2));
  }
  std::size_t n = 0;
  for (auto _ : state) tree->Put(others[n++ % others.size()]);
}
BENCHMARK(Replace)->Arg(1000)->Arg(1'000'000);

void ParseAndMake(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(MakeInstance(1));
}
BENCHMARK(ParseAndMake);

// Both copies of the view from nothing; `octets` is the heap for each instance,
// `beyond` what it is more than key and value.
void BuildFromNothing(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = HeapInUse();
    std::vector<std::unique_ptr<Tree>> copies;
    copies.push_back(std::make_unique<Tree>());
    copies.push_back(std::make_unique<Tree>());
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const auto registration = MakeInstance(i, 1, state.range(1));
      for (const auto& copy : copies) copy->Put(registration);
    }
    const auto octets =
        static_cast<double>(HeapInUse() - before) / static_cast<double>(state.range(0));
    state.counters["octets"] = octets;
    state.counters["beyond"] =
        octets - static_cast<double>(KeyOfInstance(state.range(0) - 1, state.range(1)).size() +
                                     kValue.size());
    state.PauseTiming();
    copies.clear();
    state.ResumeTiming();
  }
}
BENCHMARK(BuildFromNothing)
    ->ArgNames({"instances", "a_service"})
    ->Args({1'000'000, kService})
    ->Args({1'000'000, 3})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void EnterAndLeave(benchmark::State& state) {
  static Publisher publisher;
  auto reader = publisher.AddReader();
  for (auto _ : state) benchmark::DoNotOptimize(reader.Enter()->revision);
}
BENCHMARK(EnterAndLeave)->Threads(1)->Threads(2);

}  // namespace
}  // namespace rollcall::catalog
