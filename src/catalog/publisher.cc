#include "catalog/publisher.h"

#include <cassert>
#include <chrono>
#include <thread>
#include <utility>

namespace rollcall::catalog {
namespace {

constexpr std::size_t kCacheLine = 64;

void WaitUntilChanged(const std::atomic<std::uint64_t>& count, std::uint64_t old) {
  // A reader's batch is over within microseconds; one that was put off the
  // processor takes as long as the scheduler likes.
  constexpr int kSpins = 200;
  constexpr auto kFirstSleep = std::chrono::microseconds(20);
  constexpr auto kLongestSleep = std::chrono::microseconds(1000);
  for (int i = 0; i < kSpins; ++i) {
    if (count.load(std::memory_order_acquire) != old) return;
    __builtin_ia32_pause();
  }
  auto sleep = kFirstSleep;
  while (count.load(std::memory_order_acquire) == old) {
    std::this_thread::sleep_for(sleep);
    sleep = std::min<std::chrono::microseconds>(sleep * 2, kLongestSleep);
  }
}

}  // namespace

// `count` is odd while the reader is inside, and never returns to an old value,
// so that the writer also sees a reader that left and came back.
struct alignas(kCacheLine) Publisher::Slot {
  std::atomic<std::uint64_t> count{0};
  bool used = true;  // guarded by slots_mutex_
};

Publisher::Publisher() : copies_{std::make_unique<View>(), std::make_unique<View>()} {
}
Publisher::~Publisher() = default;

// Why no reader is ever in the copy that is being changed: the store to `count`,
// the load of `current_`, the flip and the writer's first look at `count` are all
// sequentially consistent.  If that look sees the reader outside, its next store
// comes after the look, hence after the flip, and so its load finds the new copy.
// If it sees it inside, the writer waits for the next value of `count`; whatever
// is entered after that is entered after the flip.
Publisher::Reader::Guard::Guard(Reader& reader) : slot_(*reader.slot_) {
  const std::uint64_t count = slot_.count.load(std::memory_order_relaxed);
  assert(count % 2 == 0);
  slot_.count.store(count + 1, std::memory_order_seq_cst);
  const Publisher& publisher = *reader.publisher_;
  view_ = publisher.copies_[publisher.current_.load(std::memory_order_seq_cst)].get();
}

Publisher::Reader::Guard::~Guard() {
  const std::uint64_t count = slot_.count.load(std::memory_order_relaxed);
  slot_.count.store(count + 1, std::memory_order_release);
}

Publisher::Reader::Reader(Reader&& other) noexcept
    : publisher_(other.publisher_), slot_(std::exchange(other.slot_, nullptr)) {
}

Publisher::Reader::~Reader() {
  if (slot_ == nullptr) return;
  const std::lock_guard lock(publisher_->slots_mutex_);
  slot_->used = false;
}

Publisher::Reader Publisher::AddReader() {
  const std::lock_guard lock(slots_mutex_);
  for (const auto& slot : slots_) {
    if (slot->used) continue;
    slot->used = true;
    return Reader(this, slot.get());
  }
  slots_.push_back(std::make_unique<Slot>());
  return Reader(this, slots_.back().get());
}

std::vector<Publisher::Slot*> Publisher::Slots() {
  const std::lock_guard lock(slots_mutex_);
  std::vector<Slot*> slots;
  slots.reserve(slots_.size());
  for (const auto& slot : slots_) slots.push_back(slot.get());
  return slots;
}

void Publisher::Apply(absl::FunctionRef<void(View&)> change) {
  const auto apply_to = [&](View& view) {
    view.tree.BeginPublication(++view.changes);
    change(view);
  };
  const unsigned old = current_.load(std::memory_order_relaxed);
  apply_to(*copies_[1 - old]);
  current_.store(1 - old, std::memory_order_seq_cst);
  // A slot that is added from here on belongs to a reader that sees the flip: it
  // gets it under the mutex that Slots() has held.
  for (Slot* const slot : Slots()) {
    const std::uint64_t count = slot->count.load(std::memory_order_seq_cst);
    if (count % 2 == 1) WaitUntilChanged(slot->count, count);
  }
  apply_to(*copies_[old]);
}

}  // namespace rollcall::catalog
