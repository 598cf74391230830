#include "app/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <utility>

namespace rollcall::app {
namespace {

// Also its own end, for another one may take its place.
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                  IN_ATTRIB | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF |
                                  IN_UNMOUNT | IN_ONLYDIR;
constexpr std::uint32_t kItsEnd = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

}  // namespace

DirectoryWatch::DirectoryWatch(std::filesystem::path directory)
    : directory_(std::move(directory)), fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  (void)Changed();
}

DirectoryWatch::~DirectoryWatch() {
  if (fd_ >= 0) close(fd_);
}

bool DirectoryWatch::Changed() {
  bool changed = false;
  alignas(inotify_event) char buffer[4096];
  for (ssize_t size = 0; (size = read(fd_, buffer, sizeof buffer)) > 0;) {
    changed = true;
    for (const char* at = buffer; at < buffer + size;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(at);
      if ((event->mask & kItsEnd) != 0 && event->wd == watch_) {
        inotify_rm_watch(fd_, std::exchange(watch_, -1));  // a directory that moved is still seen
      }
      at += sizeof(inotify_event) + event->len;
    }
  }
  if (watch_ < 0) {
    watch_ = inotify_add_watch(fd_, directory_.c_str(), kEvents);
    changed = changed || watch_ >= 0;
  }
  return changed;
}

}  // namespace rollcall::app
