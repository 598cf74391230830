// Where an engine keeps what it has promised to keep.
//
// Threads: one at a time, but for size() and backups.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "store/embedded/core.h"

namespace rollcall::store::embedded {

// Who the store is: part of every header.
struct Identity {
  std::uint64_t cluster_id = 0;
  std::uint64_t member_id = 0;
  std::uint64_t term = 0;  // counts the starts
};

class Disk {
 public:
  virtual ~Disk() = default;

  // All of it, and durable, when it returns; or nothing.  kExhausted: no room now, may
  // be tried again.  Any other error: what the disk holds is unknown, do not write again.
  [[nodiscard]] virtual Result<void> Commit(const Staged& staged,
                                            std::span<const Doomed> doomed) = 0;
  // Octets of its file, and of those the part that is in use.
  struct Size {
    std::uint64_t file = 0;
    std::uint64_t used = 0;
  };
  [[nodiscard]] virtual Size size() const = 0;
};

// Keeps nothing.
[[nodiscard]] std::unique_ptr<Disk> NoDisk();

struct OpenedDisk {
  std::unique_ptr<Disk> disk;
  Identity identity;
  Contents contents;
};

}  // namespace rollcall::store::embedded
