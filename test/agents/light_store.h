// The store contract over one H2Connection of its own: what an agent's host has towards the
// server, in a process that has ten thousand of them.
//
// Threads: one at a time, unlike other stores.  Its watch takes part in the same connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "h2_connection.h"
#include "store/store.h"

namespace rollcall::agents {

// Of all of them.
struct Traffic {
  std::atomic<std::uint64_t> connects{0};
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> writes{0};  // transactions that write
  std::atomic<std::uint64_t> grants{0};
  std::atomic<std::uint64_t> renewals{0};
  std::atomic<std::uint64_t> watches{0};
};

class LightStore final : public store::Store {
 public:
  LightStore(std::uint16_t port, Traffic& traffic) : port_(port), traffic_(traffic) {}

  Result<store::RangeResponse> Range(const store::RangeRequest& request,
                                     store::Deadline deadline) override;
  Result<store::TxnResponse> Txn(const store::TxnRequest& request,
                                 store::Deadline deadline) override;
  Result<std::unique_ptr<store::Watch>> StartWatch(const store::WatchRequest& request,
                                                   store::Deadline deadline) override;
  Result<store::Lease> LeaseGrant(std::chrono::seconds ttl, store::LeaseId id,
                                  store::Deadline deadline) override;
  Result<std::chrono::seconds> LeaseKeepAlive(store::LeaseId id, store::Deadline deadline) override;
  Result<void> LeaseRevoke(store::LeaseId id, store::Deadline deadline) override;
  Result<store::LeaseTimes> LeaseTimeToLive(store::LeaseId id, store::Deadline deadline) override;

 private:
  class LightWatch;

  Result<void> Connected(store::Deadline deadline);
  // One message there and one back.
  template <typename Response, typename Request>
  Result<Response> Unary(const std::string& path, const Request& request, store::Deadline deadline);

  const std::uint16_t port_;
  Traffic& traffic_;
  std::shared_ptr<H2Connection> connection_ = std::make_shared<H2Connection>();
};

}  // namespace rollcall::agents
