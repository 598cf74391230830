// The Lease service, over gRPC.
#include <vector>

#include "etcdapi/testing/movable_clock.h"
#include "etcdapi/testing/served.h"

namespace rollcall::etcdapi::testing {
namespace {

using etcdserverpb::Lease;
using ::testing::ElementsAre;

class LeaseTest : public ::testing::Test {
 protected:
  static store::embedded::EngineOptions Untimed() {
    store::embedded::EngineOptions options;
    options.timer = false;
    return options;
  }
  std::string Grant(std::int64_t ttl, std::int64_t id) {
    etcdserverpb::LeaseGrantRequest request;
    request.set_ttl(ttl);
    request.set_id(id);
    etcdserverpb::LeaseGrantResponse response;
    const grpc::Status status =
        stubs_.Call(*stubs_.lease, &Lease::Stub::LeaseGrant, request, &response);
    return status.ok() ? std::to_string(response.id()) + " for " + std::to_string(response.ttl())
                       : Describe(status);
  }
  std::string Revoke(std::int64_t id) {
    etcdserverpb::LeaseRevokeRequest request;
    request.set_id(id);
    etcdserverpb::LeaseRevokeResponse response;
    const grpc::Status status =
        stubs_.Call(*stubs_.lease, &Lease::Stub::LeaseRevoke, request, &response);
    return status.ok() ? "at " + std::to_string(response.header().revision()) : Describe(status);
  }
  etcdserverpb::LeaseTimeToLiveResponse TimeToLive(std::int64_t id) {
    etcdserverpb::LeaseTimeToLiveRequest request;
    request.set_id(id);
    request.set_keys(true);
    etcdserverpb::LeaseTimeToLiveResponse response;
    EXPECT_EQ(
        Describe(stubs_.Call(*stubs_.lease, &Lease::Stub::LeaseTimeToLive, request, &response)),
        "OK");
    return response;
  }
  std::vector<std::int64_t> Leases() {
    etcdserverpb::LeaseLeasesResponse response;
    EXPECT_EQ(Describe(stubs_.Call(*stubs_.lease, &Lease::Stub::LeaseLeases, {}, &response)), "OK");
    std::vector<std::int64_t> ids;
    for (const auto& lease : response.leases()) ids.push_back(lease.id());
    return ids;
  }

  MovableClock clock_;
  Served served_{{}, Untimed(), clock_};
  Stubs stubs_{served_.Connect()};
};

TEST_F(LeaseTest, GrantRevokeAndTheirErrors) {
  EXPECT_EQ(Grant(100, 7), "7 for 100");
  EXPECT_EQ(Grant(100, 7), "FAILED_PRECONDITION etcdserver: lease already exists");
  EXPECT_EQ(Grant(0, 8), "8 for 2") << "raised to the least there is";
  EXPECT_EQ(Grant(9'000'000'001, 9), "OUT_OF_RANGE etcdserver: too large lease TTL");
  stubs_.Put("a", "1", 7);
  EXPECT_EQ(Revoke(7), "at 3") << "its key goes with it";
  EXPECT_EQ(Revoke(7), "NOT_FOUND etcdserver: requested lease not found");
  EXPECT_EQ(Revoke(8), "at 3") << "without keys no revision";
}

TEST_F(LeaseTest, TimeToLiveNamesTheKeysAndKnowsNoError) {
  Grant(100, 7);
  stubs_.Put("b", "1", 7);
  stubs_.Put("a", "1", 7);
  clock_.Advance(std::chrono::milliseconds(30'500));
  const auto alive = TimeToLive(7);
  EXPECT_EQ(alive.grantedttl(), 100);
  EXPECT_EQ(alive.ttl(), 69);
  EXPECT_THAT(alive.keys(), ElementsAre("a", "b"));
  const auto unknown = TimeToLive(8);
  EXPECT_EQ(unknown.id(), 8);
  EXPECT_EQ(unknown.ttl(), -1);
  EXPECT_GT(unknown.header().revision(), 0);
}

TEST_F(LeaseTest, ListedByWhoEndsFirst) {
  Grant(300, 1);
  Grant(100, 2);
  Grant(200, 3);
  EXPECT_THAT(Leases(), ElementsAre(2, 3, 1));
  clock_.Advance(std::chrono::seconds(100));
  EXPECT_THAT(Leases(), ElementsAre(3, 1));
}

TEST_F(LeaseTest, AKeepAliveStreamAnswersOneRequestAfterTheOther) {
  Grant(100, 7);
  grpc::ClientContext context;
  stubs_.Prepare(context);
  const auto stream = stubs_.lease->LeaseKeepAlive(&context);
  etcdserverpb::LeaseKeepAliveRequest request;
  etcdserverpb::LeaseKeepAliveResponse response;
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(std::chrono::seconds(99));
    request.set_id(7);
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.id(), 7);
    EXPECT_EQ(response.ttl(), 100);
    EXPECT_EQ(response.header().revision(), 1);
  }
  request.set_id(8);
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.ttl(), 0) << "unknown is no error: the stream serves others";
  clock_.Advance(std::chrono::seconds(100));
  request.set_id(7);
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.ttl(), 0) << "too late";
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(Describe(stream->Finish()), "OK");
  EXPECT_TRUE(WaitUntil([&] { return served_.server().figures().lease_streams == 0; }));
}

}  // namespace
}  // namespace rollcall::etcdapi::testing
