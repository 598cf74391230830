// rollcall store check | backup FILE | restore FILE

#include <fmt/format.h>

#include <functional>

#include "app/command.h"
#include "app/embedded_options.h"
#include "lmdb/spared.h"
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

// The commands below read files that may be damaged.
int Spared(const std::string& file, const std::function<Result<FileFacts>()>& work,
           const std::string& name) {
  const auto status = lmdb::InSparedProcess(file, [&] {
    const auto facts = work();
    if (facts) fmt::print("{}: {}\n", name, Describe(*facts));
    if (!facts) (void)Report(facts.error());
    return facts ? kDone : kFailed;
  });
  if (status) return *status;
  (void)Report(status.error());
  return kFailed;
}

int Check(const Invocation& invocation) {
  const std::string path = invocation.settings.Text("store.path");
  const std::string file = path + "/" + store::embedded::kStoreFile;
  fmt::print("Checking {}\n", file);
  const auto status = lmdb::InSparedProcess(file, [&] {
    const auto facts = store::embedded::CheckFile(file, true);
    if (facts) fmt::print("  SUCCESS: {}\n", Describe(*facts));
    if (!facts) fmt::print("  FAILED: {}\n", facts.error().message);
    return facts ? kDone : kFailed;
  });
  if (status) return *status;
  fmt::print("  FAILED: {}\n", status.error().message);
  return kFailed;
}

int Backup(const Invocation& invocation) {
  const std::string path = invocation.settings.Text("store.path");
  const std::string& file = invocation.words[0];
  return Spared(
      path, [&] { return store::embedded::Backup(path, file); }, file);
}

int Restore(const Invocation& invocation) {
  const std::string path = invocation.settings.Text("store.path");
  const std::string& file = invocation.words[0];
  return Spared(
      file, [&] { return store::embedded::Restore(file, path); }, path);
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
          "Makes an embedded store out of a backup, in a directory without one.",
          "Clients see it as another cluster and read all of it anew. To be run by the user the\n"
          "server runs as, whose files they have to be.\n\n"
          "Example:\n"
          "  mkdir /var/lib/rollcall-server/store.old\n"
          "  mv /var/lib/rollcall-server/store/store.mdb* /var/lib/rollcall-server/store.old/\n"
          "  runuser -u rollcall -- rollcall store restore \\\n"
          "    --store.path=/var/lib/rollcall-server/store /backup/monday",
          PathSettings(),
          &Restore,
          "What `store backup` wrote."};
}

}  // namespace rollcall::app
