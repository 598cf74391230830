// The page over HTTP: what is asked for, which form of it, and what a browser may do with it.
//
// Pure but for the handlers, which answer at once and may be called by any number of threads.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "serving/http/exchange.h"
#include "serving/page/files.h"

namespace rollcall::serving::page {

// What the page may do: run its own scripts and styles, ask this server, and nothing else.
inline constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// The page at /, and its files below /assets/.  Without files, / says in a few words where else
// to look.
[[nodiscard]] std::vector<http::Route> Routes(std::span<const File> files);

// Whether a header Accept-Encoding (RFC 9110 section 12.5.3) takes gzip: by its name or by
// `*`, without a weight of 0.  What cannot be read takes nothing.
[[nodiscard]] bool AcceptsGzip(std::string_view header);

}  // namespace rollcall::serving::page
