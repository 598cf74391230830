// Gathers what a Get asked for, key by key.
//
// Threads: none of its own.
#pragma once

#include <cstddef>

#include "store/embedded/request.h"

namespace rollcall::store::embedded {

class Gather {
 public:
  // Borrows `get` for its life.
  explicit Gather(const Get& get);

  // The next key of the range, in byte order.
  void Take(Record record);
  // Nothing that is still to come can be in the answer, but for the count.
  [[nodiscard]] bool IsFull() const { return full_; }
  // `rest`: keys of the range that were not taken.
  [[nodiscard]] Found Finish(Revision revision, std::int64_t rest = 0) &&;

 private:
  [[nodiscard]] bool IsWanted(const RecordBody& record) const;
  void Sort();

  const Get& get_;
  const std::size_t most_;  // records are needed to answer; as many as there are: all
  bool full_ = false;
  Found found_;
};

}  // namespace rollcall::store::embedded
