// What clients are not let do, and what becomes of those that do not read.
#include <future>
#include <memory>
#include <vector>

#include "etcdapi/testing/deaf_client.h"
#include "etcdapi/testing/served.h"

namespace rollcall::etcdapi::testing {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMebi = std::size_t{1} << 20;
const std::string kValue(kMebi, 'v');

std::string RangeOfAll() {
  etcdserverpb::RangeRequest request;
  request.set_key("k");
  request.set_range_end("l");
  return request.SerializeAsString();
}

std::string WatchOfAll() {
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key("k");
  request.mutable_create_request()->set_range_end("l");
  return request.SerializeAsString();
}

TEST(Limits, StreamsBeyondTheBoundAreRefused) {
  ServerOptions options;
  options.limits.watch_streams = 2;
  options.limits.lease_streams = 1;
  Served served(options);
  const Stubs stubs(served.Connect());
  WatchClient one(stubs);
  WatchClient two(stubs);
  for (WatchClient* watch : {&one, &two}) {
    watch->Create("a");
    ASSERT_TRUE(watch->Next().created());
  }
  WatchClient three(stubs);
  EXPECT_EQ(Describe(three.End()),
            "RESOURCE_EXHAUSTED etcdserver: too many watch streams, at most 2");

  grpc::ClientContext context;
  stubs.Prepare(context);
  const auto lease = stubs.lease->LeaseKeepAlive(&context);
  etcdserverpb::LeaseKeepAliveResponse response;
  ASSERT_TRUE(lease->Write({}) && lease->Read(&response));
  grpc::ClientContext second_context;
  stubs.Prepare(second_context);
  const auto second = stubs.lease->LeaseKeepAlive(&second_context);
  EXPECT_FALSE(second->Read(&response));
  EXPECT_EQ(Describe(second->Finish()),
            "RESOURCE_EXHAUSTED etcdserver: too many keep-alive streams, at most 1");
  lease->WritesDone();
  EXPECT_EQ(Describe(lease->Finish()), "OK");
}

TEST(Limits, WatchesBeyondTheBoundAreRefusedInTheirStream) {
  ServerOptions options;
  options.limits.watches_per_stream = 1;
  options.limits.watches = 2;
  Served served(options);
  const Stubs stubs(served.Connect());
  std::vector<std::unique_ptr<WatchClient>> clients;
  const auto create = [&] {
    clients.push_back(std::make_unique<WatchClient>(stubs));
    clients.back()->Create("a");
    return clients.back()->Next().cancel_reason();
  };
  EXPECT_EQ(create(), "");
  EXPECT_EQ(create(), "");
  EXPECT_EQ(create(), "rpc error: code = ResourceExhausted desc = etcdserver: too many watches");
  clients.front()->Create("b");
  EXPECT_EQ(clients.front()->Next().cancel_reason(),
            "rpc error: code = ResourceExhausted desc = etcdserver: too many watches on one "
            "stream, at most 1");
}

TEST(Limits, AWatcherThatDoesNotReadCostsOneMessageAndThenItsStream) {
  ServerOptions options;
  options.limits.patience = milliseconds(300);
  Served served(options);
  const Stubs stubs(served.Connect());
  DeafClient deaf(served.address());
  deaf.Ask("/etcdserverpb.Watch/Watch", WatchOfAll(), /*more=*/true);
  ASSERT_TRUE(WaitUntil([&] { return served.server().figures().watches == 1; }));
  WatchClient good(stubs);
  good.Create("k");
  ASSERT_TRUE(good.Next().created());

  for (int i = 0; i < 20; ++i) {
    stubs.Put("k", kValue);
    EXPECT_LE(served.server().figures().watch_octets, 5 * kMebi) << "of two streams";
    EXPECT_EQ(good.Next().events_size(), 1);
  }
  EXPECT_TRUE(WaitUntil([&] { return served.server().figures().watch_streams_ended == 1; }));
  EXPECT_TRUE(WaitUntil([&] {
    const ServerFigures figures = served.server().figures();
    return figures.watch_streams == 1 && figures.watch_octets == 0;
  }));
  stubs.Put("k", "1");
  EXPECT_EQ(good.Next().events_size(), 1) << "others are not concerned";
}

TEST(Limits, LargeAnswersThatAreNotReadAreBoundedAndGivenUp) {
  ServerOptions options;
  options.limits.answer_octets = 4 * kMebi;
  options.limits.patience = milliseconds(300);
  Served served(options);
  const Stubs stubs(served.Connect());
  for (int i = 0; i < 3; ++i) stubs.Put("k" + std::to_string(i), kValue);
  DeafClient deaf(served.address());
  deaf.Ask("/etcdserverpb.KV/Range", RangeOfAll());
  ASSERT_TRUE(WaitUntil([&] { return served.server().figures().answer_octets > 3 * kMebi; }));

  etcdserverpb::RangeRequest request;
  ASSERT_TRUE(request.ParseFromString(RangeOfAll()));
  etcdserverpb::RangeResponse response;
  const auto range = [&] {
    return Describe(stubs.Call(*stubs.kv, &etcdserverpb::KV::Stub::Range, request, &response));
  };
  EXPECT_EQ(range(), "RESOURCE_EXHAUSTED etcdserver: too many requests");
  request.set_keys_only(true);
  EXPECT_EQ(range(), "OK") << "small answers pass";
  request.set_keys_only(false);
  EXPECT_TRUE(WaitUntil([&] { return range() == "OK"; })) << "nobody read it in time";
}

TEST(Limits, CallsWhoseAnswersAreNotReadAreBounded) {
  ServerOptions options;
  options.limits.calls = 300;
  Served served(options);
  const Stubs stubs(served.Connect());
  stubs.Put("k", std::string(1000, 'v'));
  etcdserverpb::RangeRequest request;
  request.set_key("k");
  etcdserverpb::RangeResponse response;
  const auto get = [&] {
    return Describe(stubs.Call(*stubs.kv, &etcdserverpb::KV::Stub::Range, request, &response));
  };
  {
    DeafClient deaf(served.address());
    for (int i = 0; i < 2000; ++i) {
      deaf.Ask("/etcdserverpb.KV/Range", request.SerializeAsString());
      if (i % 2 == 0) deaf.Ask("/etcdserverpb.KV/NoSuchMethod", "");
    }
    ASSERT_TRUE(WaitUntil([&] { return served.server().figures().calls == 300; }));
    EXPECT_EQ(get(), "RESOURCE_EXHAUSTED etcdserver: too many requests");
  }
  EXPECT_TRUE(WaitUntil([&] { return get() == "OK"; })) << "he has gone";
}

TEST(Limits, AnswersToTransactionsThatAreNotReadAreBounded) {
  ServerOptions options;
  options.limits.answer_octets = 4 * kMebi;
  Served served(options);
  const Stubs stubs(served.Connect());
  stubs.Put("k", kValue);
  // Three times one key: a small request with a large answer.
  etcdserverpb::TxnRequest txn;
  for (int i = 0; i < 3; ++i) txn.add_success()->mutable_request_range()->set_key("k");
  etcdserverpb::TxnRequest writes = txn;
  writes.add_success()->mutable_request_put()->set_key("other");
  DeafClient deaf(served.address());
  for (int i = 0; i < 20; ++i) deaf.Ask("/etcdserverpb.KV/Txn", txn.SerializeAsString());
  ASSERT_TRUE(WaitUntil([&] { return served.server().figures().answer_octets > 3 * kMebi; }));
  const auto call = [&](const etcdserverpb::TxnRequest& request) {
    etcdserverpb::TxnResponse response;
    return Describe(stubs.Call(*stubs.kv, &etcdserverpb::KV::Stub::Txn, request, &response));
  };
  EXPECT_EQ(call(txn), "RESOURCE_EXHAUSTED etcdserver: too many requests");
  EXPECT_LT(served.server().figures().answer_octets, 4 * kMebi);
  // What has been written cannot be refused, for some time; then it is at least said.
  for (int i = 0; i < 20; ++i) deaf.Ask("/etcdserverpb.KV/Txn", writes.SerializeAsString());
  EXPECT_TRUE(WaitUntil([&] { return served.server().figures().answer_octets > 6 * kMebi; }));
  EXPECT_EQ(call(writes), "RESOURCE_EXHAUSTED etcdserver: too many requests") << "beforehand";
  EXPECT_LT(served.server().figures().answer_octets, 12 * kMebi);
  EXPECT_EQ(stubs.Put("k", "1") > 0, true) << "small answers pass";
}

TEST(Limits, ListsOfLeasesCountAsAnswers) {
  ServerOptions options;
  options.limits.answer_octets = 16 << 10;
  Served served(options);
  const Stubs stubs(served.Connect());
  etcdserverpb::LeaseGrantRequest grant;
  grant.set_ttl(1000);
  etcdserverpb::LeaseGrantResponse granted;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(
        Describe(stubs.Call(*stubs.lease, &etcdserverpb::Lease::Stub::LeaseGrant, grant, &granted)),
        "OK");
  }
  DeafClient deaf(served.address());
  for (int i = 0; i < 100; ++i) deaf.Ask("/etcdserverpb.Lease/LeaseLeases", "");
  etcdserverpb::LeaseLeasesResponse leases;
  EXPECT_TRUE(WaitUntil([&] {
    return Describe(stubs.Call(*stubs.lease, &etcdserverpb::Lease::Stub::LeaseLeases, {},
                               &leases)) == "RESOURCE_EXHAUSTED etcdserver: too many requests";
  }));
  EXPECT_LE(served.server().figures().answer_octets, std::size_t{16} << 10);
}

TEST(Limits, AnAnswerThatIsLargerThanTheBudgetPassesAlone) {
  ServerOptions options;
  options.limits.answer_octets = kMebi;
  Served served(options);
  const Stubs stubs(served.Connect());
  for (int i = 0; i < 3; ++i) stubs.Put("k" + std::to_string(i), kValue);
  etcdserverpb::RangeRequest request;
  ASSERT_TRUE(request.ParseFromString(RangeOfAll()));
  etcdserverpb::RangeResponse response;
  EXPECT_EQ(Describe(stubs.Call(*stubs.kv, &etcdserverpb::KV::Stub::Range, request, &response)),
            "OK");
  EXPECT_EQ(response.kvs_size(), 3);
}

// --- the end

TEST(Stop, EndsWithinTwoSecondsWhateverIsOpen) {
  Served served;
  const Stubs stubs(served.Connect());
  for (int i = 0; i < 3; ++i) stubs.Put("k" + std::to_string(i), kValue);
  WatchClient watch(stubs);
  watch.Create("k");
  ASSERT_TRUE(watch.Next().created());
  grpc::ClientContext context;
  stubs.Prepare(context);
  const auto lease = stubs.lease->LeaseKeepAlive(&context);
  etcdserverpb::LeaseKeepAliveResponse response;
  ASSERT_TRUE(lease->Write({}) && lease->Read(&response));
  DeafClient deaf(served.address());
  deaf.Ask("/etcdserverpb.KV/Range", RangeOfAll());
  deaf.Ask("/etcdserverpb.Watch/Watch", WatchOfAll(), /*more=*/true);
  ASSERT_TRUE(WaitUntil([&] {
    const ServerFigures figures = served.server().figures();
    return figures.answer_octets > 3 * kMebi && figures.watches == 2;
  }));
  stubs.Put("k1", kValue);

  // These two listen, as clients do: of a socket that is closed, what nobody has read by
  // then may be lost.
  auto watch_end = std::async(std::launch::async, [&] { return Describe(watch.End()); });
  auto lease_end = std::async(std::launch::async, [&] {
    EXPECT_FALSE(lease->Read(&response));
    return Describe(lease->Finish());
  });
  const auto begun = std::chrono::steady_clock::now();
  served.server().Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  EXPECT_EQ(watch_end.get(), "UNAVAILABLE etcdserver: server stopped");
  EXPECT_EQ(lease_end.get(), "UNAVAILABLE etcdserver: server stopped");
}

TEST(Start, AnAddressInUseIsSaidSo) {
  Served served;
  ServerOptions options;
  options.listen_addresses = {"127.0.0.1:0", served.address()};
  Server second(served.engine(), options);
  const auto started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kConflict);
  EXPECT_EQ(started.error().message,
            served.address() +
                " is in use: an etcd? Name another address by --store.listen-address, or use "
                "--store=etcd");
}

TEST(Start, AnAddressOfAnotherMachineIsSaidSo) {
  Served served;
  ServerOptions options;
  options.listen_addresses = {"240.0.0.1:0"};  // reserved: no machine's
  Server second(served.engine(), options);
  const auto started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message,
            "cannot listen at 240.0.0.1:0: Cannot assign requested address");
}

TEST(Start, SeveralAddressesServeOneStore) {
  ServerOptions options;
  options.listen_addresses = {"127.0.0.1:0", "127.0.0.2:0"};
  Served served(options);
  ASSERT_EQ(served.server().bound().size(), 2U);
  const auto channel =
      grpc::CreateChannel(served.server().bound()[1], grpc::InsecureChannelCredentials());
  EXPECT_EQ(Stubs(channel).Put("a", "1"), 2);
  EXPECT_EQ(Stubs(served.Connect()).Put("a", "2"), 3);
}

}  // namespace
}  // namespace rollcall::etcdapi::testing
