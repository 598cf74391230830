#include "store/etcd/grpc_log.h"

#include <grpc/support/log.h>

#include <mutex>

#include "base/guarded.h"
#include "base/log.h"
#include "store/etcd/core/log_bound.h"

namespace rollcall::store::etcd {
namespace {

// One TLS handshake that fails says why in a line or two, and is tried twice a
// second for as long as it takes.
constexpr unsigned kBurst = 5;
constexpr std::chrono::seconds kInterval{60};

void Write(gpr_log_func_args* said) {
  if (said->severity != GPR_LOG_SEVERITY_ERROR) {
    log::Debug("grpc", {{"message", said->message}});
    return;
  }
  // Never destroyed: gRPC's threads may outlast main().
  static auto& bound = *new Guarded<LogBound>(LogBound(kBurst, kInterval));
  const auto held_back = bound.Lock()->Pass(std::chrono::steady_clock::now());
  if (!held_back) return;
  log::Warn("grpc", {{"message", said->message}, {"held_back", *held_back}});
}

}  // namespace

void TakeOverGrpcLog() {
  static std::once_flag once;
  std::call_once(once, [] { gpr_set_log_function(&Write); });
}

}  // namespace rollcall::store::etcd
