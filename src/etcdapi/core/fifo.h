// A queue that holds no memory while it is empty, as most are most of the time: of an idle
// watch stream there are three, and std::deque takes half a kilobyte for each.
//
// Threads: values.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace rollcall::etcdapi {

template <typename T>
class Fifo {
 public:
  void push_back(T item) { items_.push_back(std::move(item)); }
  // Requires: !empty().
  [[nodiscard]] T pop_front() {
    T item = std::move(items_[first_]);
    if (++first_ == items_.size()) {
      std::vector<T>().swap(items_);
      first_ = 0;
    } else if (first_ >= kMostGone && first_ >= items_.size() / 2) {  // never empty, it would grow
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    return item;
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size() - first_; }
  [[nodiscard]] std::size_t capacity() const { return items_.capacity(); }

 private:
  static constexpr std::size_t kMostGone = 16;

  std::vector<T> items_;  // those before `first_` are gone
  std::size_t first_ = 0;
};

}  // namespace rollcall::etcdapi
