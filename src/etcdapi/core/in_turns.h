// Something that lives on the workers, a turn at a time: whoever has news for it leaves
// them and wakes it.
//
// Threads: any number may call Wake().  Turns of one object never overlap, and each sees
// what the one before it did.
#pragma once

#include <memory>

#include "base/guarded.h"
#include "etcdapi/core/workers.h"

namespace rollcall::etcdapi {

// Owned by shared_ptr; a turn that is due keeps it alive.
class InTurns : public std::enable_shared_from_this<InTurns> {
 public:
  // Borrows the workers for its life.
  explicit InTurns(Workers& workers) : workers_(workers) {}
  virtual ~InTurns() = default;
  InTurns(const InTurns&) = delete;
  InTurns& operator=(const InTurns&) = delete;

  // There will be a turn that begins after this call.  Cheap while one is due already.
  void Wake();

 protected:
  virtual void Turn() = 0;

 private:
  enum class State { kIdle, kDue, kRunning, kDueAgain };
  void Run();

  Workers& workers_;
  Guarded<State> state_{State::kIdle};
};

}  // namespace rollcall::etcdapi
