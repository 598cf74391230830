// For this room's tests: a view from keys and values, and requests without a socket.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "catalog/publisher.h"
#include "serving/http/testing/recorded_exchange.h"
#include "serving/sd/discovery.h"

namespace rollcall::serving::sd::testing {

class MovableClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return SteadyTime(since_); }
  [[nodiscard]] WallTime WallNow() const override {
    return WallTime(std::chrono::hours(500'000)) + since_.load();
  }
  void Advance(std::chrono::milliseconds time) { since_ = since_.load() + time; }

 private:
  std::atomic<std::chrono::nanoseconds> since_{std::chrono::hours(1)};
};

// "a=1&b" as the server would decode it, without escapes.
inline std::vector<http::Field> Parameters(std::string_view query) {
  std::vector<http::Field> fields;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const std::size_t equals = std::min(one.find('='), one.size());
    fields.push_back({std::string(one.substr(0, equals)),
                      std::string(one.substr(std::min(one.size(), equals + 1)))});
  }
  return fields;
}

class SdTest : public ::testing::Test {
 protected:
  using ExchangePtr = std::shared_ptr<http::testing::RecordedExchange>;

  // `path` is below /skydns/: "internal/prom/node/a".
  void Put(const std::string& path, const std::string& value) {
    store::KeyValue kv{.key = "/skydns/" + path, .value = value};
    kv.mod_revision = ++revision_;
    publisher_.Apply([&](catalog::View& view) {
      const auto before = view.tree.FindKey(kv.key);
      const auto made = catalog::MakeRegistration("/skydns", kv, before.get()).value();
      view.tree.Put(made);
      view.revision = revision_;
    });
  }
  void PutHost(const std::string& path, const std::string& host, int port = 9100,
               const std::string& extension = "") {
    Put(path, R"({"host":")" + host + R"(","port":)" + std::to_string(port) +
                  (extension.empty() ? "" : R"(,"rollcall":{)" + extension + "}") + "}");
  }
  void Erase(const std::string& path) {
    ++revision_;
    publisher_.Apply([&](catalog::View& view) {
      view.tree.Erase("/skydns/" + path, revision_);
      view.revision = revision_;
    });
  }
  // As the ledger does it.
  void Mark(model::Area area, const std::string& subject, std::optional<model::Record> record) {
    catalog::MarkPtr mark;
    if (record) mark = std::make_shared<const catalog::Mark>(catalog::Mark{*record, true, 1});
    publisher_.Apply([&](catalog::View& view) {
      view.marks.Set(area, subject, mark);
      if (area == model::Area::kMaintenance) view.maintenance_touched = view.changes;
      if (area == model::Area::kAlive) view.tree.Touch(subject);
    });
  }
  void Alive(const std::string& path, std::optional<model::Health> health) {
    std::optional<model::Record> record;
    if (health) record = model::Record{.health = health};
    Mark(model::Area::kAlive, "/skydns/" + path, record);
  }

  // Called as the server would.
  ExchangePtr Ask(const std::string& path, std::string_view query = {}) {
    http::Request request;
    request.path = path;
    request.parameters = Parameters(query);
    auto exchange = std::make_shared<http::testing::RecordedExchange>(std::move(request));
    const http::Route* best = nullptr;
    for (const http::Route& route : routes_) {
      const bool fits =
          path == route.path || (route.path.ends_with('/') && path.starts_with(route.path));
      if (fits && (best == nullptr || route.path.size() > best->path.size())) best = &route;
    }
    EXPECT_NE(best, nullptr) << path;
    if (best != nullptr) best->handler(exchange);
    return exchange;
  }
  static void Await(const ExchangePtr& exchange) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!exchange->over() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    EXPECT_TRUE(exchange->over()) << exchange->request().path;
  }
  ExchangePtr Get(const std::string& path, std::string_view query = {}) {
    ExchangePtr exchange = Ask(path, query);
    Await(exchange);
    return exchange;
  }
  unsigned Status(const std::string& path, std::string_view query = {}) {
    return Get(path, query)->response().status;
  }
  boost::json::value Json(const std::string& path, std::string_view query = {}) {
    const auto exchange = Get(path, query);
    EXPECT_EQ(exchange->response().status, 200U) << path << " " << exchange->body();
    EXPECT_EQ(exchange->response().content_type, "application/json");
    return boost::json::parse(exchange->body());
  }

  // Begins anew, with other options.
  void Begin(Options options) {
    discovery_.reset();
    discovery_ = std::make_unique<Discovery>(
        publisher_, zones_, [this] { return standing_.load(); }, clock_, std::move(options));
    routes_ = discovery_->Routes();
  }
  void SetUp() override { Begin({}); }

  MovableClock clock_;
  catalog::Publisher publisher_;
  store::Revision revision_ = 0;
  std::atomic<catalog::Standing> standing_{catalog::Standing::kSynced};
  answer::Zones zones_{{.names = {wire::Name::FromText("prom.internal").value(),
                                  wire::Name::FromText("dc2.internal").value(),
                                  wire::Name::FromText("10.in-addr.arpa").value()}}};
  std::unique_ptr<Discovery> discovery_;
  std::vector<http::Route> routes_;
};

}  // namespace rollcall::serving::sd::testing
