// Hands the view from the one writer to many readers without a lock on the
// reader's side.
//
// Two copies of the view swap roles ("left-right", Ramalhete and Correia 2015):
// the writer applies a batch to the idle copy, flips, waits until no reader is
// inside the old one, and applies the batch again there.  An update costs its own
// depth twice, not the size of the tree, and readers share no counter: entering is
// one store and one load, leaving one store, of the reader's own cache line.
//
// Threads: one thread at a time calls Apply(); each reader has its own Reader.  A
// reader must not stay inside for long (a batch of queries; a long reply is made
// in pieces), since it holds up the writer - never other readers.  A reader that
// is inside must not wait for anything the writer does.
#pragma once

#include <absl/functional/function_ref.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "catalog/view.h"

namespace rollcall::catalog {

class Publisher {
 private:
  struct Slot;

 public:
  Publisher();
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // A reader's entrance; one per thread, made once, kept.  Must not outlive the
  // Publisher.  When it goes, its place is used for a later one.
  class Reader {
   public:
    Reader(Reader&& other) noexcept;
    ~Reader();
    Reader& operator=(Reader&&) = delete;

    // The view stays as it is until the Guard goes.
    class Guard {
     public:
      explicit Guard(Reader& reader);
      ~Guard();
      Guard(const Guard&) = delete;
      Guard& operator=(const Guard&) = delete;
      const View& operator*() const { return *view_; }
      const View* operator->() const { return view_; }

     private:
      Slot& slot_;
      const View* view_;
    };
    // Requires: no other Guard of this Reader is alive.
    [[nodiscard]] Guard Enter() { return Guard(*this); }

   private:
    friend class Publisher;
    Reader(Publisher* publisher, Slot* slot) : publisher_(publisher), slot_(slot) {}
    Publisher* publisher_;
    Slot* slot_;  // null: moved from
  };
  [[nodiscard]] Reader AddReader();

  // Runs `change` on one copy, publishes it, then runs it on the other: it must do
  // the same both times.  When it returns, every later Enter() sees the change.
  // Waits for readers that entered before, so not to be called by one of them.
  void Apply(absl::FunctionRef<void(View&)> change);

 private:
  [[nodiscard]] std::vector<Slot*> Slots();

  std::unique_ptr<View> copies_[2];
  std::atomic<unsigned> current_{0};
  std::mutex slots_mutex_;
  std::vector<std::unique_ptr<Slot>> slots_;  // grows to the most readers at one time
};

}  // namespace rollcall::catalog
