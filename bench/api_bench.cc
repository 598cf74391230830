// What the API's answers cost with 100,000 instances, on its reading thread.
#include <benchmark/benchmark.h>

#include <string>
#include <thread>

#include "catalog/registration.h"
#include "serving/api/api.h"
#include "serving/http/testing/recorded_exchange.h"
#include "store/embedded/store.h"

namespace rollcall::serving::api {
namespace {

wire::Name N(const std::string& text) {
  return wire::Name::FromText(text).value();
}

// 100 services of 1,000 instances.
class Setup {
 public:
  Setup() {
    publisher_.Apply([](catalog::View& view) {
      for (int service = 0; service < 100; ++service) {
        for (int i = 0; i < 1000; ++i) {
          store::KeyValue kv;
          kv.key = "/skydns/internal/prom/s" + std::to_string(service) + "/host-" +
                   std::to_string(1000 + i);
          kv.value = R"({"host":"10.0.)" + std::to_string(i / 250) + "." + std::to_string(i % 250) +
                     R"(","port":9100,"rollcall":{"labels":{"rack":"r)" + std::to_string(i % 40) +
                     R"("},"tags":["linux"]}})";
          kv.mod_revision = ++view.revision;
          view.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
        }
      }
    });
  }

  std::string Get(const std::string& path, std::vector<http::Field> parameters) {
    http::Request request;
    request.path = path;
    request.parameters = std::move(parameters);
    auto exchange = std::make_shared<http::testing::RecordedExchange>(std::move(request));
    for (const http::Route& route : routes_) {
      if (route.path == path) route.handler(exchange);
    }
    while (!exchange->over()) std::this_thread::yield();
    return exchange->body();
  }
  // As if something had been published.
  void Touch() {
    publisher_.Apply([](catalog::View&) {});
  }

 private:
  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false});
  catalog::Publisher publisher_;
  catalog::History history_;
  seen::Book book_;
  answer::Zones zones_{{.names = {N("prom.internal")}}};
  Api api_{{.publisher = publisher_,
            .zones = zones_,
            .history = history_,
            .book = book_,
            .store = *store_,
            .prefix = "/skydns",
            .rules = {},
            .standing = [] { return catalog::Standing::kSynced; },
            .wait_for_revision = [](store::Revision, SteadyTime) { return true; },
            .store_facts = [] { return StoreFacts{}; },
            .facts = {}}};
  std::vector<http::Route> routes_ = api_.Routes();
};

void Ask(benchmark::State& state, const std::string& path, const std::vector<http::Field>& how,
         bool touch = false) {
  static Setup setup;
  std::size_t octets = 0;
  for (auto _ : state) {
    if (touch) setup.Touch();
    octets = setup.Get(path, how).size();
  }
  state.counters["octets"] = static_cast<double>(octets);
}

const char kInstances[] = "/api/v1/instances";
BENCHMARK_CAPTURE(Ask, a_page_of_all, kInstances, {})->UseRealTime();
BENCHMARK_CAPTURE(Ask, a_page_of_a_service, kInstances, {{"name", "s7.prom.internal"}})
    ->UseRealTime();
BENCHMARK_CAPTURE(Ask, ten_thousand, kInstances, {{"limit", "10000"}})->UseRealTime();
BENCHMARK_CAPTURE(Ask, words, kInstances, {{"q", "host-1999 rack=r39"}})->UseRealTime();
BENCHMARK_CAPTURE(Ask, a_label, kInstances, {{"label.rack", "r1"}})->UseRealTime();
BENCHMARK_CAPTURE(Ask, services, "/api/v1/services", {})->UseRealTime();
BENCHMARK_CAPTURE(Ask, services_after_a_change, "/api/v1/services", {}, true)->UseRealTime();

}  // namespace
}  // namespace rollcall::serving::api
