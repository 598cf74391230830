// How much of something may be held at once: octets of answers, watches, streams.
//
// Threads: any number.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace rollcall::etcdapi {

class Budget {
 public:
  explicit Budget(std::size_t most) : most_(most) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // A part of it, given back when destroyed.  Must not outlive the budget.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), amount_(other.amount_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(amount_, other.amount_);
      return *this;
    }
    ~Share() {
      if (budget_) budget_->held_.fetch_sub(amount_, std::memory_order_relaxed);
    }

    [[nodiscard]] std::size_t amount() const { return amount_; }

   private:
    friend class Budget;
    Share(Budget& budget, std::size_t amount) : budget_(&budget), amount_(amount) {}
    Budget* budget_ = nullptr;
    std::size_t amount_ = 0;
  };

  // Nothing: too much is held.  What alone is larger than the whole is let through
  // while nothing else is held, since it would never fit.
  [[nodiscard]] std::optional<Share> Take(std::size_t amount) {
    std::size_t held = held_.load(std::memory_order_relaxed);
    do {
      if (held > 0 && (held >= most_ || amount > most_ - held)) return std::nullopt;
    } while (!held_.compare_exchange_weak(held, held + amount, std::memory_order_relaxed));
    return Share(*this, amount);
  }
  // For what has happened already and cannot be refused any more.
  [[nodiscard]] Share TakeAnyway(std::size_t amount) {
    held_.fetch_add(amount, std::memory_order_relaxed);
    return {*this, amount};
  }

  [[nodiscard]] std::size_t held() const { return held_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t left() const {
    const std::size_t now = held();
    return now < most_ ? most_ - now : 0;
  }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> held_{0};
};

}  // namespace rollcall::etcdapi
