// Asks upstream resolvers one question: over UDP from a fresh port with a fresh
// id, over TCP when truncated, the next upstream when one fails.
//
// Threads: all of it on the one thread of the executor that runs the coroutine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "serving/dns/address.h"
#include "serving/dns/cache.h"

namespace rollcall::serving::dns {

// The resolvers to ask, and which of them lately failed to reply.
class Upstreams {
 public:
  explicit Upstreams(const std::vector<SocketAddress>& addresses);

  // Those believed alive in the order configured, then the others: never none.
  [[nodiscard]] std::vector<std::size_t> Order(SteadyTime now) const;
  [[nodiscard]] const SocketAddress& address(std::size_t index) const {
    return upstreams_[index].address;
  }
  void MarkDead(std::size_t index, SteadyTime now);
  void MarkAlive(std::size_t index);

 private:
  struct Upstream {
    SocketAddress address;
    SteadyTime dead_until{};
  };
  std::vector<Upstream> upstreams_;
};

struct Patience {
  SteadyTime deadline;                // of the whole
  std::chrono::milliseconds per_try;  // for one upstream
};

// The reply, its id, question and source checked (RFC 5452 section 9).  An upstream
// that says SERVFAIL or REFUSED is passed over for one that knows; if none does,
// the last such reply is returned.  Null: nobody replied.
[[nodiscard]] boost::asio::awaitable<OutsideReplyPtr> Ask(Upstreams& upstreams,
                                                          OutsideQuestion question,
                                                          Patience patience);

}  // namespace rollcall::serving::dns
