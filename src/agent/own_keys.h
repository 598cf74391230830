// What the store holds under the keys of one host, kept true by a watch.
//
// Threads: one.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace rollcall::agent {

class OwnKeys {
 public:
  // Borrows `store`.
  OwnKeys(store::Store& store, std::chrono::milliseconds call_timeout)
      : store_(store), call_timeout_(call_timeout) {}

  // Watches `watched`, and reads these and `others` after the watch has begun, so that no
  // change is missed; what was known before is forgotten.
  [[nodiscard]] Result<void> Open(std::set<std::string> watched, std::set<std::string> others);
  void Close() { watch_.reset(); }
  [[nodiscard]] bool IsOpen() const { return watch_ != nullptr; }
  [[nodiscard]] bool Watches(const std::set<std::string>& keys) const { return watched_ == keys; }

  // Takes in what the watch has told so far: the keys that changed by it.
  // The watch's error, if it is over; then it is closed.
  [[nodiscard]] Result<std::set<std::string>> Drain();
  // Waits for the watch to tell something.
  void Wait(store::Deadline deadline);

  // Reads these again.
  [[nodiscard]] Result<void> Read(const std::set<std::string>& keys);

  // Requires: one of those opened or read.  Nothing: it is not there.
  [[nodiscard]] const std::optional<store::KeyValue>& At(const std::string& key) const;
  // What we have written ourselves, before the watch tells of it.
  void Put(store::KeyValue kv);
  void Delete(const std::string& key, store::Revision revision);
  // The lease has ended, and so has all that was under it.
  void Forget(store::LeaseId lease);

 private:
  struct Slot {
    std::optional<store::KeyValue> kv;
    store::Revision as_of = 0;  // older news are none
  };
  void Set(const std::string& key, std::optional<store::KeyValue> kv, store::Revision as_of);
  void Apply(store::Event event);

  store::Store& store_;
  const std::chrono::milliseconds call_timeout_;
  std::unique_ptr<store::Watch> watch_;
  std::set<std::string> watched_;
  std::map<std::string, Slot> slots_;
  std::set<std::string> changed_;  // since the last Drain()
  std::optional<Error> end_;       // of the watch, found by Wait()
};

}  // namespace rollcall::agent
