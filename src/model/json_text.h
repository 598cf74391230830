// What Go's encoding/json does to the text inside JSON, where Boost.JSON is
// stricter: for service.cc only.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::model {

// `json` with every \u escape of a lone surrogate turned into \ufffd.  The
// octets keep their places, so that offsets in error messages hold.
[[nodiscard]] std::string MendSurrogateEscapes(std::string_view json);

// `text` with each octet that is not part of valid UTF-8 turned into U+FFFD.
[[nodiscard]] std::string MendUtf8(std::string_view text);

// A member name folded as Go folds it: ASCII to lower case, U+017F (long s) to s,
// U+212A (Kelvin sign) to k; the other letters fold to nothing that SkyDNS uses.
[[nodiscard]] std::string FoldName(std::string_view name);

// Appends `text` as a JSON string with its quotes.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace rollcall::model
