// A value that can only be reached while its lock is held.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace rollcall {

// Guarded<Queue> queue;   queue.Lock()->push_back(x);
//
// Lock() holds the mutex for the life of the handle it returns: a temporary for
// one access, a named handle for several.  Never hold two at once.
template <typename T>
class Guarded {
 public:
  class Handle {
   public:
    T* operator->() { return value_; }
    T& operator*() { return *value_; }

    // Waits on `condition` until `predicate()` holds or `deadline` is past;
    // returns what the predicate says at the end.
    template <typename TimePoint, typename Predicate>
    bool WaitUntil(std::condition_variable& condition, TimePoint deadline, Predicate predicate) {
      return condition.wait_until(lock_, deadline, std::move(predicate));
    }

   private:
    friend class Guarded;
    Handle(std::mutex& mutex, T* value) : lock_(mutex), value_(value) {}
    Handle(std::unique_lock<std::mutex> lock, T* value) : lock_(std::move(lock)), value_(value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  // For what cannot be moved.
  template <typename... Args>
  explicit Guarded(std::in_place_t, Args&&... args) : value_(std::forward<Args>(args)...) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  [[nodiscard]] Handle Lock() { return Handle(mutex_, &value_); }
  // Nothing, if somebody else holds it: for those who must not wait.
  [[nodiscard]] std::optional<Handle> TryLock() {
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return std::nullopt;
    return Handle(std::move(lock), &value_);
  }

 private:
  std::mutex mutex_;
  T value_;
};

}  // namespace rollcall
