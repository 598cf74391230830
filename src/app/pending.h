// Orders that could not reach the store, kept on disk until they do.
//
// One small JSON file for each instance, so that the latest order about it counts;
// written whole or not at all, and on the disk before Put() returns.  Holds no
// secret: how to log in is told anew by whoever carries the orders out.
//
// Threads and processes: any number may use one directory at once.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "registry/registry.h"

namespace rollcall::app {

enum class Verb { kRegister, kDeregister };

// A registration to be written or taken away, with all it takes to do so later.
struct PendingOrder {
  Verb verb = Verb::kRegister;
  WallTime since;
  std::string store;  // StoreOptions::Identity() of whom it was meant for
  registry::Layout layout;
  // kRegister with no address: the one by which the store is reached, found out
  // when it is.  kDeregister: `value` says with which address and port only.
  registry::Order order;
  registry::Reason reason;  // kDeregister

  // The same for orders of which the later makes the earlier void.
  [[nodiscard]] std::string Subject() const;
};

[[nodiscard]] std::string ToJson(const PendingOrder& order);
[[nodiscard]] Result<PendingOrder> ParsePendingOrder(const std::string& json);

class Pending {
 public:
  explicit Pending(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // `given`, if not empty; else /var/lib/rollcall/pending, or, for those who may not
  // write there, the user's own: $XDG_STATE_HOME/rollcall/pending.
  [[nodiscard]] static std::filesystem::path ChooseDirectory(const std::string& given);

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  // kUnavailable: it could not be written.
  [[nodiscard]] Result<void> Put(const PendingOrder& order) const;
  // Forgets the order about a subject, if there is one.
  void Drop(const std::string& subject) const;

  struct Item {
    std::filesystem::path file;
    std::string json;
    PendingOrder order;
  };
  // All that can be read, the oldest first.  A file that cannot be read is reported
  // in the log and moved to `broken/`, out of the way but not lost.
  [[nodiscard]] std::vector<Item> Load() const;
  // It has been carried out: forgets it, unless a later order has taken its place.
  void Remove(const Item& item) const;
  // It never will be: moves it to `broken/`, with a line in the log that says why.
  void SetAside(const Item& item, std::string_view why) const;

 private:
  void MoveToBroken(const std::filesystem::path& file, std::string_view why) const;

  std::filesystem::path directory_;
};

}  // namespace rollcall::app
