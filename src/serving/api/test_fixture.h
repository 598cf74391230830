// For this room's tests: the API on a feed and a store in memory, asked without a socket.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/feed.h"
#include "model/records.h"
#include "serving/api/api.h"
#include "serving/http/testing/recorded_exchange.h"
#include "store/embedded/store.h"

namespace rollcall::serving::api::testing {

namespace json = boost::json;
using http::testing::RecordedExchange;

struct Reply {
  unsigned status = 0;
  json::value body;
  http::Response response;

  [[nodiscard]] const json::value& data() const { return body.at("data"); }
  [[nodiscard]] std::string error() const {
    const auto& object = body.as_object();
    return object.contains("error") ? std::string(object.at("error").as_string()) : "";
  }
  [[nodiscard]] std::string type() const {
    const auto& object = body.as_object();
    return object.contains("errorType") ? std::string(object.at("errorType").as_string()) : "";
  }
};

class ApiTest : public ::testing::Test {
 protected:
  explicit ApiTest(bool start = true) {
    routes_ = api_.Routes();
    if (!start) return;
    Write("/elsewhere", "");  // so that there is a revision to wait for
    feed_.Start();
    // What is written from here on is news, and in the history.
    EXPECT_TRUE(Eventually([this] { return feed_.standing() == catalog::Standing::kSynced; }));
  }

  template <typename Predicate>
  static bool Eventually(Predicate predicate) {
    for (const auto end = Soon(); !predicate(); std::this_thread::yield()) {
      if (SystemClock().Now() > end) return false;
    }
    return true;
  }
  // It hears of a change when that is in the view already.
  bool HistoryHas(std::size_t entries) {
    return Eventually([&] { return history_.size() >= entries; });
  }

  // As anybody may, beside the API.  "": deletes.
  store::Revision Write(const std::string& key, const std::string& value) {
    return Write(std::vector{std::pair{key, value}});
  }
  store::Revision Write(const std::vector<std::pair<std::string, std::string>>& pairs) {
    store::TxnRequest txn;
    for (const auto& [key, value] : pairs) {
      if (value.empty() && key != "/elsewhere") {
        txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(key)});
      } else {
        txn.then.emplace_back(store::PutOp{.key = key, .value = value});
      }
    }
    return store_->Txn(txn, Soon())->header.revision;
  }
  // A registration, and waits until it is in the view.
  store::Revision Put(const std::string& path, const std::string& value) {
    const auto revision = Write("/skydns/" + path, value);
    EXPECT_TRUE(feed_.WaitForRevision(revision, Soon()));
    return revision;
  }
  // One of our own records, and waits until the history has told of it.
  void PutRecord(model::Area area, const std::string& path, const std::string& value) {
    const auto revision = Write(model::RecordKey(area, "/skydns/" + path), value);
    EXPECT_TRUE(Eventually([&] { return history_.last().revision >= revision; }));
  }

  using Change = std::function<void(http::Request&)>;
  // `target`: with its query, of which nothing is decoded.
  std::shared_ptr<RecordedExchange> Begin(const std::string& method, const std::string& target,
                                          const std::string& body = "", const Change& change = {}) {
    http::Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) {
      std::string_view rest = std::string_view(target).substr(request.path.size() + 1);
      while (!rest.empty()) {
        const std::string_view one = rest.substr(0, rest.find('&'));
        const std::size_t is = std::min(one.find('='), one.size());
        request.parameters.push_back({std::string(one.substr(0, is)),
                                      std::string(one.substr(std::min(is + 1, one.size())))});
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      }
    }
    request.body = body;
    request.peer.address = "192.0.2.9";
    if (change) change(request);
    const http::Route* found = nullptr;
    for (const http::Route& route : routes_) {
      const bool fits = route.path.ends_with('/') ? request.path.starts_with(route.path)
                                                  : request.path == route.path;
      if (!fits || route.method != method) continue;
      if (found == nullptr || route.path.size() > found->path.size()) found = &route;
    }
    if (found == nullptr) {
      ADD_FAILURE() << "no route for " << method << " " << target;
      return nullptr;
    }
    auto exchange = std::make_shared<RecordedExchange>(std::move(request));
    found->handler(exchange);
    return exchange;
  }
  Reply Call(const std::string& method, const std::string& target, const std::string& body = "",
             const Change& change = {}) {
    const auto exchange = Begin(method, target, body, change);
    if (!exchange) return {};
    for (const auto end = Soon(); !exchange->over() && SystemClock().Now() < end;) {
      std::this_thread::yield();
    }
    Reply reply{exchange->response().status, {}, exchange->response()};
    const std::string text = exchange->body();
    json::error_code error;
    reply.body = json::parse(text, error);
    EXPECT_FALSE(error) << target << ": " << text;
    return reply;
  }
  Reply Get(const std::string& target) { return Call("GET", target); }

  static store::Deadline Soon() { return store::After(std::chrono::seconds(10)); }
  static wire::Name N(const std::string& text) { return wire::Name::FromText(text).value(); }

  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false});
  catalog::Publisher publisher_;
  catalog::History history_;
  catalog::FeedOptions FeedOptions() {
    catalog::FeedOptions options;
    options.zones = {N("prom.internal")};
    options.history = &history_;
    return options;
  }
  catalog::Feed feed_{*store_, publisher_, FeedOptions()};
  answer::Zones zones_{{.names = {N("prom.internal")}}};
  seen::Book book_;
  Api api_{{.publisher = publisher_,
            .zones = zones_,
            .history = history_,
            .book = book_,
            .store = *store_,
            .prefix = "/skydns",
            .rules = {},
            .standing = [this] { return feed_.standing(); },
            .wait_for_revision =
                [this](store::Revision revision, SteadyTime deadline) {
                  return feed_.WaitForRevision(revision, deadline);
                },
            .store_facts =
                [] { return StoreFacts{.kind = "embedded", .endpoints = {"127.0.0.1:2379"}}; },
            .facts = {.version = "1.2.3",
                      .host = "h",
                      .config = "zone: x\n",
                      .flags = {{"zone", "prom.internal"}}}}};
  std::vector<http::Route> routes_;
};

}  // namespace rollcall::serving::api::testing
