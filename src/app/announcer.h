// Registers a program as soon as its port answers, however long the store is away, and says
// from then on that it is alive, and how.
//
// The sign of life goes with a lease: if nobody renews it any more, for we were killed, the
// instance is `lost`, and stays registered.  What has vanished from the store without a
// deregistration is put back; what somebody deregistered stays away.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/checker.h"
#include "app/orders.h"
#include "base/backoff.h"
#include "base/result.h"
#include "store/lease_keeper.h"

namespace rollcall::app {

// True if something accepts a TCP connection there.
[[nodiscard]] bool PortAnswers(const std::string& address, std::uint16_t port,
                               std::chrono::milliseconds patience);

// Threads: one of its own, from construction to Stop(), beside those of the lease and of the
// check.
class Announcer {
 public:
  struct Options {
    std::chrono::seconds lease_ttl{30};
    bool remove_on_loss = false;  // the registration itself goes with the lease
  };

  // `order` names its owner.  Borrows `session` until destroyed.
  Announcer(Session& session, PendingOrder order, Options options);
  ~Announcer() { Stop(); }
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

  // Ends all this, but for the lease, which is renewed for as long as the announcer lives;
  // bounded by the call in flight.
  void Stop();
  // With which address the registration was written; "": it was not, as far as we
  // know.  After Stop().
  [[nodiscard]] const std::string& registered_address() const { return registered_address_; }
  // Somebody else has deregistered it meanwhile.  After Stop().
  [[nodiscard]] bool deregistered() const { return presence_ == registry::Presence::kDeregistered; }
  // Ends the lease, and with it the sign of life.
  void EndLease(store::Deadline deadline);

 private:
  enum class Stage { kNone, kPort, kPortLate, kHeld, kStore };

  void Loop(const std::stop_token& stop);
  // Tries to register it.
  [[nodiscard]] Result<void> Once(const std::stop_token& stop);
  // It has been registered: sees to it that this is so, and known to be alive.
  [[nodiscard]] Result<void> Attend();
  // Says of what an earlier start has registered that it is back, though not yet well.
  [[nodiscard]] Result<void> Return(const std::string& address, const std::string& why,
                                    store::Deadline deadline);
  void BeginToCheck(const std::string& address);
  // An error of the store, as far as it says how to go on.
  [[nodiscard]] tl::unexpected<Error> Failed(Error error);

  [[nodiscard]] Result<registry::Terms> TermsNow(store::Deadline deadline);
  void SetHealth(model::Health health, std::string why);
  // How long until the next look.
  [[nodiscard]] std::chrono::milliseconds Pause(const Result<void>& done);
  // Each cause of waiting is told once, until another takes its place.
  void TellWait(const Error& why);
  void TellPresence(const registry::Found& found);
  void Wake();
  // False: asked to stop meanwhile.
  bool Sleep(const std::stop_token& stop, std::chrono::milliseconds wait);

  Session& session_;
  PendingOrder order_;
  const Options options_;
  std::string registered_address_;
  store::Revision registered_revision_ = 0;
  WallTime registered_{};
  bool returned_ = false;       // an earlier start's registration knows that we are there
  Stage stage_ = Stage::kNone;  // what is being tried
  Stage told_ = Stage::kNone;   // what the log last said we wait for
  registry::Presence presence_ = registry::Presence::kMissing;
  Backoff backoff_;
  Backoff held_backoff_;  // while somebody else holds it
  SteadyTime started_ = SystemClock().Now();

  std::mutex mutex_;  // over the two below
  bool woken_ = false;
  registry::SignOfLife alive_;  // its lease is filled in when it is told
  std::condition_variable_any wake_;

  store::LeaseKeeper lease_;
  std::optional<agent::Checker> checker_;  // once it is registered
  std::jthread thread_;                    // last: it uses all of the above
};

}  // namespace rollcall::app
