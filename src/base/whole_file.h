// Small files that are written whole or not at all, and read whole.
//
// Threads and processes: any number; who writes one file at a time is the caller's to say.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace rollcall {

// Puts `text` in the place of `path`, by way of `.NAME.draft` beside it; on the disk before
// it returns.  kUnavailable: it could not be; what stood there still does.
[[nodiscard]] Result<void> WriteWholeFile(const std::filesystem::path& path,
                                          const std::string& text);

// kNotFound: there is no such file.  kExhausted: it is larger than `most` octets.
// kUnavailable: it cannot be read, or is no regular file.
[[nodiscard]] Result<std::string> ReadWholeFile(const std::filesystem::path& path,
                                                std::size_t most = std::size_t{64} << 20);

}  // namespace rollcall
