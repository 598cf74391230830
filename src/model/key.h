// Where a registration lies: PREFIX/<name's labels reversed>.
//
// `a.node.prom.internal.` is `/skydns/internal/prom/node/a` under the prefix
// `/skydns`.  A dot within a label is `\.` in the key; other special octets keep
// the escapes that CoreDNS's DNS library gives them in presentation form.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/service.h"
#include "wire/name.h"

namespace rollcall::model {

// "skydns", "/skydns/" and "//skydns" are "/skydns"; "" and "/" are "".
[[nodiscard]] std::string NormalizePrefix(std::string_view prefix);

// The key of a name, in lower case.  The root gives the prefix itself.
// Requires: `prefix` is normalized.
// kInvalid: a label with a slash in it, which a key cannot hold.
[[nodiscard]] Result<std::string> KeyOf(std::string_view prefix, wire::NameView name);

// Appends what KeyOf() puts behind the prefix.  Requires: no label has a slash, as in
// a name that came from NameOf().
void AppendPath(std::string& key, wire::NameView name);

// The name a key stands for, case kept.  Requires: `prefix` is normalized and
// `key` starts with PREFIX + "/".  As CoreDNS makes names of keys, a bare dot
// within a component is a label break, and one slash at the end is dropped.
// Flaw::kKey, for what no name can be made of: an empty label (a double slash), a
// broken escape, a slash in a label (`\047`), a label over 63 octets, a name over
// 255.
[[nodiscard]] tl::expected<wire::Name, Invalid> NameOf(std::string_view prefix,
                                                       std::string_view key);

}  // namespace rollcall::model
