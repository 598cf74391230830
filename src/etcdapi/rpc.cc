#include "etcdapi/rpc.h"

namespace rollcall::etcdapi {

void Queue::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<Event*>(tag)->Happened(ok);
}

void Queue::Close() {
  if (!thread_.joinable()) return;
  {
    // gRPC aborts on an RPC that starts something on a queue that has been shut down.
    std::unique_lock lock(mutex_);
    empty_.wait(lock, [this] { return guests_ == 0; });
  }
  queue_->Shutdown();
  thread_.join();
}

void Queue::Enter() {
  const std::lock_guard lock(mutex_);
  ++guests_;
}

void Queue::Leave() {
  const std::lock_guard lock(mutex_);
  if (--guests_ == 0) empty_.notify_all();
}

}  // namespace rollcall::etcdapi
