#include "agent/services_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "agent/definitions.h"
#include "base/whole_file.h"
#include "model/json_text.h"

namespace rollcall::agent {
namespace {

namespace fs = std::filesystem;

// More files than this are not read: somebody's home directory was named by mistake.
constexpr std::size_t kMostFiles = 10'000;

bool IsDefinitions(const fs::path& file) {
  const std::string name = file.filename().string();
  return !name.starts_with('.') && (name.ends_with(".yml") || name.ends_with(".yaml"));
}

WallTime TimeOf(const struct stat& about) {
  return WallTime(std::chrono::seconds(about.st_mtim.tv_sec) +
                  std::chrono::microseconds(about.st_mtim.tv_nsec / 1000));
}

DirectoryLook Unreadable(const fs::path& directory, std::string_view why) {
  return {.problem =
              Error{ErrorCode::kUnavailable, fmt::format("{}: {}", directory.string(), why)}};
}

}  // namespace

DirectoryLook LookAt(const fs::path& directory) {
  struct stat about {};
  if (stat(directory.c_str(), &about) != 0) return Unreadable(directory, std::strerror(errno));
  DirectoryLook look;
  look.identity = fmt::format("{}:{}", about.st_dev, about.st_ino);
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    if (!IsDefinitions(path)) continue;
    if (look.files.size() == kMostFiles) return Unreadable(directory, "holds too many files");
    struct stat file {};
    const std::string name = path.filename().string();
    if (const std::string sound = model::MendUtf8(name); sound != name) {
      look.files.emplace(sound,
                         DirectoryLook::File{
                             Fail(ErrorCode::kInvalid, path.string() + ": its name is not UTF-8")});
      continue;
    }
    auto text = ReadWholeFile(path, kMostOctetsOfFile);
    // Taken away between its name and its text.
    if (!text && text.error().code == ErrorCode::kNotFound && !fs::is_symlink(path)) continue;
    const bool known = stat(path.c_str(), &file) == 0;
    look.files.emplace(name,
                       DirectoryLook::File{std::move(text), known ? TimeOf(file) : WallTime()});
  }
  // Half of a directory is none.
  if (error) return Unreadable(directory, error.message());
  return look;
}

}  // namespace rollcall::agent
