// Hands the view from the one writer to many readers without a lock on the
// reader's side.
//
// Two copies of the view swap roles ("left-right"): the writer applies a batch to
// the idle copy, flips, waits until no reader is inside the old one, and applies
// the batch again there.  An update costs its own depth twice, not the size of
// the tree, and readers share no counter: entering is one store and one load of
// the reader's own cache line.
//
// Threads: one writer calls Apply(); each reader has its own Reader.  A reader
// must not stay inside for long (a batch of queries; a long reply is made in
// pieces), since it holds up the writer - never other readers.
#pragma once

#include <atomic>
#include <functional>
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
  // Publisher.
  class Reader {
   public:
    Reader(Reader&&) noexcept;
    ~Reader();

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
      Reader& reader_;
      const View* view_;
    };
    // Requires: no other Guard of this Reader is alive.
    [[nodiscard]] Guard Enter() { return Guard(*this); }

   private:
    friend class Publisher;
    Reader(Publisher* publisher, Slot* slot) : publisher_(publisher), slot_(slot) {}
    Publisher* publisher_;
    Slot* slot_;
  };
  [[nodiscard]] Reader AddReader();

  // Runs `change` on one copy, publishes it, then runs it on the other: it must do
  // the same both times.  Returns when every later Enter() sees the change.
  void Apply(const std::function<void(View&)>& change);

 private:
  std::unique_ptr<View> copies_[2];
  std::atomic<unsigned> current_{0};
  std::mutex slots_mutex_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace rollcall::catalog
