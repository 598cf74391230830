// Addresses for the additional section: of SRV and MX targets, and of name
// servers.  Optional by nature: whatever is too much is left out.
// Internal to the room.
#pragma once

#include "answer/task.h"

namespace rollcall::answer {

// Takes `count` (at least 0) labels off the front of a name; a number that would
// take all takes none.
[[nodiscard]] wire::NameView Strip(wire::NameView name, std::int64_t count);

class Glue {
 public:
  // Requires: at most `most` calls of the other members follow.
  Glue(Task& task, std::size_t most);

  // `registration` is an address: it, once, at `owner`.
  void AddAddress(wire::NameView owner, const catalog::Registration& registration);

  // Everything known of the name `target`, once for each spelling: A with the
  // CNAMEs that lead to it, then AAAA.  `stripped`: CoreDNS's answer, without AAAA.
  void AddName(wire::NameView target, bool stripped);

  // Puts each RRset together and evens its TTLs.
  void Finish();

 private:
  void AddType(const Zone* zone, wire::NameView target, wire::Type type);

  Task& task_;
  bool scattered_ = false;  // the records of an RRset may lie apart
};

}  // namespace rollcall::answer
