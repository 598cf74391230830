// rollcall store check | backup FILE | restore FILE

#include <fmt/format.h>

#include "app/command.h"
#include "app/embedded_options.h"
#include "store/embedded/lmdb_disk.h"
#include "store/embedded/lmdb_file.h"

namespace rollcall::app {
namespace {

using store::embedded::FileFacts;

std::string Describe(const FileFacts& facts) {
  return fmt::format("revision {}, {} changes kept, {} leases", facts.revision, facts.changes,
                     facts.leases);
}

std::vector<Setting> PathSettings() {
  return Join({{{"store.path", "DIR", "./rollcall-data", "Directory of the embedded store."}},
               LogSettings()});
}

int Check(const Invocation& invocation) {
  const std::string path = invocation.settings.Text("store.path");
  const std::string file = path + "/" + store::embedded::kStoreFile;
  fmt::print("Checking {}\n", file);
  const auto facts = store::embedded::CheckFile(file, true);
  if (!facts) {
    fmt::print("  FAILED: {}\n", facts.error().message);
    return kFailed;
  }
  fmt::print("  SUCCESS: {}\n", Describe(*facts));
  return kDone;
}

int Backup(const Invocation& invocation) {
  const std::string& file = invocation.words[0];
  const auto facts = store::embedded::Backup(invocation.settings.Text("store.path"), file);
  if (!facts) {
    (void)Report(facts.error());
    return kFailed;
  }
  fmt::print("{}: {}\n", file, Describe(*facts));
  return kDone;
}

int Restore(const Invocation& invocation) {
  const std::string path = invocation.settings.Text("store.path");
  const auto facts = store::embedded::Restore(invocation.words[0], path);
  if (!facts) {
    (void)Report(facts.error());
    return kFailed;
  }
  fmt::print("{}: {}\n", path, Describe(*facts));
  return kDone;
}

}  // namespace

Command StoreCheckCommand() {
  return {"store check",
          "",
          0,
          0,
          "Reads all of an embedded store's file and says whether it is sound.",
          "A server may be running on it.\n\n"
          "Example:\n"
          "  rollcall store check --store.path=/var/lib/rollcall-server/store",
          PathSettings(),
          &Check,
          ""};
}

Command StoreBackupCommand() {
  return {"store backup",
          "FILE",
          1,
          1,
          "Copies an embedded store, as it is now, to a new file.",
          "A server may be running on it. The copy is read through before it gets its name.\n\n"
          "Example:\n"
          "  rollcall store backup --store.path=/var/lib/rollcall-server/store /backup/monday",
          PathSettings(),
          &Backup,
          "The new file."};
}

Command StoreRestoreCommand() {
  return {"store restore",
          "FILE",
          1,
          1,
          "Makes an embedded store out of a backup, in an empty directory.",
          "Clients see it as another cluster and read all of it anew. To be run by the user the\n"
          "server runs as, whose files they have to be.\n\n"
          "Example:\n"
          "  mv /var/lib/rollcall-server/store /var/lib/rollcall-server/store.old\n"
          "  runuser -u rollcall -- rollcall store restore \\\n"
          "    --store.path=/var/lib/rollcall-server/store /backup/monday",
          PathSettings(),
          &Restore,
          "What `store backup` wrote."};
}

}  // namespace rollcall::app
