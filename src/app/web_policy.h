// What protects the HTTP side, as its files say now.
//
// They are looked at again at most once a second, when somebody asks, and read when one of them has
// changed; a certificate that is renewed takes no restart.  Files that are broken, or that would
// leave open what was closed (no TLS, no users or clients' certificates where there were some: a
// file that is being written is empty for a moment), change nothing, which is logged and counted;
// to open up takes a restart.
//
// Threads: any; one of them at a time looks, and the others go on with what there is.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "serving/http/policy.h"

namespace rollcall::app {

class WebPolicy {
 public:
  // Names of files; "": none.
  struct Files {
    std::string config;
    std::string tokens;
  };
  // kInvalid: "FILE:LINE: what is wrong".
  [[nodiscard]] static Result<std::unique_ptr<WebPolicy>> Load(Files files, const Clock& clock);

  [[nodiscard]] serving::http::PolicyPtr Now();
  // Reads the files again, changed or not.  kInvalid: why they do not count.
  [[nodiscard]] Result<void> ReloadNow();

  [[nodiscard]] bool last_reload_good() const { return last_reload_good_; }
  [[nodiscard]] WallTime last_good_at() const { return last_good_at_; }
  [[nodiscard]] std::uint64_t failed_reloads() const { return failed_reloads_; }

 private:
  // How a file was when it was looked at.
  struct Stamp {
    std::string path;
    std::int64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed = 0;  // nanoseconds
    bool operator==(const Stamp&) const = default;
  };
  struct State {
    serving::http::PolicyPtr policy;
    std::vector<Stamp> stamps;
    SteadyTime next_look{};
  };

  WebPolicy(Files files, const Clock& clock) : files_(std::move(files)), clock_(clock) {}
  static Stamp Look(const std::string& path);
  // The paths that it was read from into `paths`, even if it fails.
  Result<serving::http::PolicyPtr> Read(std::vector<std::string>& paths) const;
  // Whether a file is not as it was when it was read.
  static bool HasChanged(const State& state);
  Result<void> Reload(State& state);

  const Files files_;
  const Clock& clock_;
  // The one that counts; read on every request, so not behind the lock of whoever reads files.
  Guarded<serving::http::PolicyPtr> current_;
  Guarded<State> state_;
  std::atomic<bool> last_reload_good_{true};
  std::atomic<WallTime> last_good_at_{};
  std::atomic<std::uint64_t> failed_reloads_{0};
};

}  // namespace rollcall::app
