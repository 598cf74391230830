// The store that a server stands on: a cluster somewhere, or the one in this process.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/metrics.h"
#include "app/serve_options.h"
#include "app/spared_check.h"
#include "base/result.h"
#include "store/store.h"

namespace rollcall::app {

// Threads: Start(), Stop() and LogCounters() by one; the store, Trouble() and Collect()
// by any, these two between Start() and Stop().
class ServerStore {
 public:
  // A cluster may be away, and a damaged file is served without: neither is an error.
  // Errors end the program: another process has the directory, a newer format, ...
  [[nodiscard]] static Result<std::unique_ptr<ServerStore>> Open(const ServeOptions& options,
                                                                 std::optional<SparedCheck> check);
  // What Open() will wait for, of the file if there is one: another processor may do it meanwhile.
  [[nodiscard]] static std::optional<SparedCheck> BeginCheck(const ServeOptions& options);

  virtual ~ServerStore() = default;
  [[nodiscard]] virtual store::Store& store() = 0;
  // Lets clients of the store in, if it has any.  Fails if its address is taken.
  [[nodiscard]] virtual Result<void> Start() { return {}; }
  virtual void Stop() {}
  // One line of what it has done, and how it is.
  virtual void LogCounters() = 0;
  // Why it takes no writes, as far as is known here; "": it does.
  [[nodiscard]] virtual std::string Trouble() const { return ""; }
  virtual void Collect(Metrics& metrics) const = 0;
  // Whether registrations may have been written by etcd's v2 API, which no v3 sees.
  [[nodiscard]] virtual bool MayHoldV2() const { return false; }
};

}  // namespace rollcall::app
