// Orders that could not reach the store, kept on disk until they do.
//
// One small JSON file for each instance, so that the latest order about it counts;
// written whole or not at all, and on the disk before Put() returns.  Holds no
// secret: how to log in is told anew by whoever carries the orders out.
//
// Threads and processes: any number may use one directory at once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/subject_lock.h"
#include "base/clock.h"
#include "base/result.h"
#include "registry/registry.h"

namespace rollcall::app {

enum class Verb {
  kRegister,
  kDeregister,
  kStop,  // deregister, but not before `until`, and not if it is back by then
};

// A registration to be written or taken away, with all it takes to do so later.
struct PendingOrder {
  Verb verb = Verb::kRegister;
  WallTime since;
  std::string store;  // StoreOptions::Identity() of whom it was meant for
  registry::Layout layout;
  // kRegister with no address: the one by which the store is reached, found out
  // when it is.  Else: `value` says with which address and port only.
  registry::Order order;
  registry::Reason reason;  // kRegister: by nobody, if its owner is named
  WallTime until{};         // kStop

  // The same for orders of which the later makes the earlier void.
  [[nodiscard]] std::string Subject() const;
};

[[nodiscard]] std::string ToJson(const PendingOrder& order);
[[nodiscard]] Result<PendingOrder> ParsePendingOrder(const std::string& json);

class Pending {
 public:
  explicit Pending(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // `given`, or ROLLCALL_PENDING_PATH; else /var/lib/rollcall/pending, or, for those who may not
  // write there but have a home, the user's own: $XDG_STATE_HOME/rollcall/pending.
  [[nodiscard]] static std::filesystem::path ChooseDirectory(const std::string& given);

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  // Waits for the subject's lock.  It comes after all that wait there, whatever the
  // clock says meanwhile.  kUnavailable: it could not be written.
  [[nodiscard]] Result<void> Put(PendingOrder order) const;

  // Changes whenever an order comes or goes.
  using Time = std::filesystem::file_time_type;
  // kNotFound: there is no directory, so nothing waits.  kRefused: what waits there is not
  // this user's to take away; so he must not carry it out either, for he would again and
  // again.
  [[nodiscard]] Result<Time> ChangedAt() const;

  struct Item {
    std::filesystem::path file;
    std::string json;
    PendingOrder order;
  };
  // All that can be read, the oldest first.  A file that cannot be read is reported
  // in the log and moved to `broken/`, out of the way but not lost.
  [[nodiscard]] std::vector<Item> Load() const;

  // Keeps all others from what waits about a subject, for as long as it lives.
  [[nodiscard]] SubjectLock Hold(const std::string& subject) const;
  // The same for an order found by Load().  Empty: it is no longer there as it was, or
  // somebody is carrying it out.
  [[nodiscard]] std::optional<SubjectLock> Claim(const Item& item) const;

  // What follows requires that the caller holds the subject.
  // Forgets the order about it; false: there is none.
  bool Drop(const std::string& subject) const;
  // It has been carried out: forgets it.
  void Remove(const Item& item) const;
  // It never will be carried out: moves it to `broken/`, with a line in the log that
  // says why.
  void SetAside(const Item& item, std::string_view why) const;

 private:
  void MoveToBroken(const std::filesystem::path& file, std::string_view why) const;

  std::filesystem::path directory_;
};

}  // namespace rollcall::app
