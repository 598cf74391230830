// The durable half: an engine's changes in one LMDB file.
//
// LMDB is a copy-on-write B+tree: a commit writes new pages, syncs, and then writes and
// syncs the page that points to them; a crash at any moment leaves the last commit or
// the one before, and there is nothing to recover.  We use it with full durability, one
// commit for all that is staged.
//
// Room is taken before it is needed: a full disk is found out before a page is written,
// so that what fails in the midst of writing is never "only" a full disk.
#pragma once

#include <string>

#include "base/result.h"
#include "store/embedded/disk.h"

namespace rollcall::store::embedded {

inline constexpr const char* kStoreFile = "store.mdb";

// Opens `directory`/store.mdb, or makes it.  Holds the directory until the disk is
// destroyed.
// kConflict: somebody else holds it.  kRefused: of a newer format; nothing was changed.
// kInternal: damaged, or not ours.  kExhausted, kUnavailable: no room for a new one; not
// to be read.
[[nodiscard]] Result<OpenedDisk> OpenDisk(const std::string& directory);

}  // namespace rollcall::store::embedded
