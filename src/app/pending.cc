#include "app/pending.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>

#include "base/log.h"
#include "base/stable_hash.h"
#include "base/whole_file.h"

namespace rollcall::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSystemDirectory = "/var/lib/rollcall/pending";

fs::path FileOf(const fs::path& directory, const std::string& subject) {
  return directory / fmt::format("{:016x}.json", StableHash(subject));
}

// May this user make files there, or make the directory?
bool IsWritable(fs::path directory) {
  std::error_code error;
  while (!fs::exists(directory, error) && directory.has_relative_path()) {
    directory = directory.parent_path();
  }
  return access(directory.c_str(), W_OK | X_OK) == 0;
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string PendingOrder::Subject() const {
  const std::string instance =
      order.instance.empty() ? fmt::format("{}:{}", order.host, order.value.port) : order.instance;
  return fmt::format("{}|{}|{}|{}|{}|{}", store, layout.prefix, layout.zone, layout.base_path,
                     order.service, instance);
}

fs::path Pending::ChooseDirectory(const std::string& given) {
  if (!given.empty()) return given;
  if (const auto named = Environment("ROLLCALL_PENDING_PATH"); !named.empty()) return named;
  const fs::path system(kSystemDirectory);
  if (IsWritable(system)) return system;
  const fs::path state(Environment("XDG_STATE_HOME"));
  const fs::path home(Environment("HOME"));
  if (state.is_absolute()) return state / "rollcall" / "pending";
  if (home.is_absolute()) return home / ".local" / "state" / "rollcall" / "pending";
  return system;  // never below whatever directory we were started in
}

Result<void> Pending::Put(PendingOrder order) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("the order could not be kept in {}: making the directory: {}",
                            directory_.string(), error.message()));
  }
  const SubjectLock lock = Hold(order.Subject());
  for (const Item& item : Load()) {
    order.since = std::max(order.since, item.order.since + std::chrono::microseconds(1));
  }
  const auto kept = WriteWholeFile(FileOf(directory_, order.Subject()), ToJson(order) + "\n");
  if (kept) return {};
  return Fail(kept.error().code,
              fmt::format("the order could not be kept: {}", kept.error().message));
}

Result<Pending::Time> Pending::ChangedAt() const {
  const auto fail = [&](int why) {
    return Fail(why == ENOENT ? ErrorCode::kNotFound : ErrorCode::kRefused,
                fmt::format("{}: {}", directory_.string(), std::strerror(why)));
  };
  if (access(directory_.c_str(), R_OK | W_OK | X_OK) != 0) return fail(errno);
  std::error_code error;
  const Time time = fs::last_write_time(directory_, error);
  if (error) return fail(error.value());
  return time;
}

std::vector<Pending::Item> Pending::Load() const {
  std::vector<Item> items;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_, error)) {
    const fs::path& file = entry.path();
    if (file.extension() != ".json" || file.filename().string().starts_with('.')) continue;
    auto json = ReadWholeFile(file);
    if (!json) {
      if (fs::exists(file, error)) {
        log::Warn("pending order cannot be read", {{"file", file.string()}});
      }
      continue;
    }
    auto order = ParsePendingOrder(*json);
    if (order) {
      items.push_back({file, *std::move(json), std::move(*order)});
    } else {
      MoveToBroken(file, order.error().message);
    }
  }
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.order.since < b.order.since; });
  return items;
}

SubjectLock Pending::Hold(const std::string& subject) const {
  return SubjectLock::Wait(directory_, StableHash(subject));
}

std::optional<SubjectLock> Pending::Claim(const Item& item) const {
  auto lock = SubjectLock::Try(directory_, StableHash(item.order.Subject()));
  if (lock && ReadWholeFile(item.file) != item.json) lock.reset();
  return lock;
}

bool Pending::Drop(const std::string& subject) const {
  std::error_code error;  // Nothing there: nothing to forget.
  return fs::remove(FileOf(directory_, subject), error);
}

void Pending::Remove(const Item& item) const {
  std::error_code error;
  fs::remove(item.file, error);
}

void Pending::SetAside(const Item& item, std::string_view why) const {
  MoveToBroken(item.file, why);
}

void Pending::MoveToBroken(const fs::path& file, std::string_view why) const {
  const fs::path broken = directory_ / "broken";
  std::error_code error;
  fs::create_directories(broken, error);
  fs::rename(file, broken / file.filename(), error);
  log::Warn("pending order set aside", {{"file", (broken / file.filename()).string()},
                                        {"reason", why},
                                        {"moved", error ? error.message() : std::string("yes")}});
}

}  // namespace rollcall::app
