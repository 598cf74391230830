#include "catalog/last_known_start.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "model/time.h"

namespace rollcall::catalog {
namespace {

constexpr const char* kAside = "last-known.damaged-";
constexpr std::size_t kMostAside = 3;

// "20260131T120000Z": in the order of time, and no colon for tools that see a host in it.
std::string AsideName(WallTime now) {
  std::string time = model::FormatTime(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return kAside + time;
}

// Leaves room for one more.
void RemoveOldest(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> aside;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(kAside)) aside.push_back(std::move(name));
  }
  std::sort(aside.begin(), aside.end(), std::greater<>());
  for (std::size_t i = kMostAside - 1; i < aside.size(); ++i) {
    std::filesystem::remove(directory + "/" + aside[i], error);
  }
}

void SetAside(const LastKnownOptions& options, const Error& why, const Clock& clock) {
  const std::string file = options.directory + "/" + LastKnown::kFile;
  const std::string aside = options.directory + "/" + AsideName(clock.WallNow());
  RemoveOldest(options.directory);
  const bool moved = std::rename(file.c_str(), aside.c_str()) == 0;
  log::Warn("what was last served is not known: its file is not to be trusted",
            {{"why", why.message}, {"moved_to", moved ? aside : "nowhere: not writable"}});
}

}  // namespace

LastKnownStart StartLastKnown(const LastKnownOptions& options, const Clock& clock,
                              const std::function<void()>& meanwhile) {
  LastKnownStart start;
  auto directory = lmdb::Directory::Hold(options.directory);
  if (!directory) {
    log::Warn("what is served is not kept: a start without the store would not know it",
              {{"why", directory.error().message}});
    if (directory.error().code == ErrorCode::kConflict) return start;
  }
  auto contents =
      ReadLastKnown(options.directory + "/" + LastKnown::kFile, options.prefix, meanwhile);
  if (contents) {
    start.contents = *std::move(contents);
  } else if (contents.error().code == ErrorCode::kUnavailable) {
    log::Warn("what was last served cannot be read", {{"why", contents.error().message}});
  } else if (contents.error().code != ErrorCode::kNotFound) {
    SetAside(options, contents.error(), clock);
  }
  if (directory) {
    start.last_known = std::make_unique<LastKnown>(options, *std::move(directory), clock);
  }
  return start;
}

}  // namespace rollcall::catalog
