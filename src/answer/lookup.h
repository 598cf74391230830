// From a name to the services that answer it: subtree and exact reads, wildcards,
// groups (CoreDNS's plugin/etcd, as a tree of names instead of key ranges).
// Internal to the room.
#pragma once

#include <cstddef>
#include <limits>

#include "answer/selection.h"
#include "answer/task.h"

namespace rollcall::answer {

// The services one read kept, in key order.  They lie on the workspace's stack:
// readings must end in the reverse of the order they began.
class Reading {
 public:
  Reading(Workspace& work, Found found, std::size_t begin, std::size_t end)
      : work_(work), found_(found), begin_(begin), end_(end) {}
  ~Reading() { work_.kept.resize(begin_); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  [[nodiscard]] Found found() const { return found_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] const catalog::Registration& operator[](std::size_t i) const {
    return *work_.kept[begin_ + i];
  }

 private:
  Workspace& work_;
  Found found_;
  std::size_t begin_;
  std::size_t end_;
};

// Which services a read keeps: those with a host; for TXT those with a text too.
enum class Keep : std::uint8_t { kHosts, kHostsAndTexts };

// What is below the name; if nothing is, what is at it (a name's own value is hidden
// by what is below it).  Labels `*` and `any` left of `zone` stand for any label.
// A name of which the selection keeps nothing is there all the same.
// More than `most` services that each give a record of their own: kTooMany.
[[nodiscard]] Reading ReadSubtree(Task& task, const Zone& zone, const Selection& selection,
                                  Keep keep,
                                  std::size_t most = std::numeric_limits<std::size_t>::max());

// What is at exactly the name.
[[nodiscard]] Reading ReadExact(Task& task, const Zone& zone, const Selection& selection);

// What ReadSubtree() would find at a name without selectors, without reading more than
// the first value that can be read.
[[nodiscard]] Found Probe(Task& task, const Zone& zone, wire::NameView name);

// The name at or below which all lies that `name` can stand for: what is right of its rightmost
// wildcard, itself if it has none.
[[nodiscard]] wire::NameView FixedPart(const Zone& zone, wire::NameView name);

}  // namespace rollcall::answer
