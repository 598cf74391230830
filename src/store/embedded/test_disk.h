// A disk in memory that a test can hold, fail and look into.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "store/embedded/disk.h"

namespace rollcall::store::embedded {

class TestDisk final : public Disk {
 public:
  // Threads: any.
  class Control {
   public:
    // From now on commits wait, until Release().
    void Hold() {
      Change([this] { held_ = true; });
    }
    void Release() {
      Change([this] { held_ = false; });
    }
    void FailWith(std::optional<Error> error) {
      Change([&] { error_ = std::move(error); });
    }
    // Until one is waiting.
    [[nodiscard]] bool WaitForCommit(std::chrono::seconds patience) {
      std::unique_lock lock(mutex_);
      return changed_.wait_for(lock, patience, [this] { return waiting_; });
    }
    [[nodiscard]] int commits() const { return commits_; }
    [[nodiscard]] Revision kept() const { return kept_; }  // records

   private:
    friend class TestDisk;
    template <typename Call>
    void Change(Call call) {
      {
        const std::lock_guard lock(mutex_);
        call();
      }
      changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;
    bool waiting_ = false;
    std::optional<Error> error_;
    std::atomic<int> commits_{0};
    std::atomic<Revision> kept_{0};
  };

  explicit TestDisk(std::shared_ptr<Control> control) : control_(std::move(control)) {}

  Result<void> Commit(const Staged& staged, std::span<const Doomed>) override {
    std::unique_lock lock(control_->mutex_);
    control_->waiting_ = true;
    control_->changed_.notify_all();
    control_->changed_.wait(lock, [this] { return !control_->held_; });
    control_->waiting_ = false;
    ++control_->commits_;
    if (control_->error_) return Fail(*control_->error_);
    control_->kept_ += static_cast<Revision>(staged.records.size());
    return {};
  }
  Size size() const override { return {}; }

 private:
  const std::shared_ptr<Control> control_;
};

}  // namespace rollcall::store::embedded
