// A store's file as a whole: whether it is sound, and copies of it.
//
// Threads: none.
#pragma once

#include <string>

#include "base/result.h"
#include "store/embedded/disk.h"

namespace rollcall::store::embedded {

struct FileFacts {
  Identity identity;
  Revision revision = 0;
  Revision compacted = kNeverCompacted;
  std::size_t changes = 0;  // entries of the log
  std::size_t leases = 0;
};

// Reads every entry of a file, and the list of its free pages.  `written`: somebody may
// be writing to it meanwhile; else nothing is put beside it.
// A page that is damaged so that LMDB follows it to nowhere kills the process (LMDB
// trusts its file): call it in one that can be spared.
// kInternal: damaged, names what; or not ours.  kRefused: of a newer format.
// kUnavailable: cannot be read.
[[nodiscard]] Result<FileFacts> CheckFile(const std::string& file, bool written = false);

// Copies what is durable in `directory` now to the new file `to`, whether a server is
// writing there or not, and checks the copy.  kConflict: `to` is there already.
[[nodiscard]] Result<FileFacts> Backup(const std::string& directory, const std::string& to);

// Makes the store of `directory` out of a backup.  It becomes another cluster: who knew
// the old one lists anew, instead of waiting for revisions that have been.
// kConflict: something is there already, or in use.  Else as CheckFile().
[[nodiscard]] Result<FileFacts> Restore(const std::string& from, const std::string& directory);

}  // namespace rollcall::store::embedded
