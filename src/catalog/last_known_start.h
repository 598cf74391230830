// What a start finds of what was served, and who is to keep it from now on.
//
// Threads: none of its own; before the first thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "catalog/last_known.h"

namespace rollcall::catalog {

struct LastKnownStart {
  std::optional<LastKnownContents> contents;  // none: nothing is known
  std::unique_ptr<LastKnown> last_known;      // null: it cannot be kept
};

// Nothing that it finds is an error; what somebody should know is logged.  A file that is
// damaged, of another format or of another prefix is moved aside whole, to
// `last-known.damaged-TIME` beside it, of which the newest few stay.  A directory that is
// only to be read is read; one that another process holds is not.  `meanwhile`: as
// ReadLastKnown()'s.
[[nodiscard]] LastKnownStart StartLastKnown(const LastKnownOptions& options,
                                            const Clock& clock = SystemClock(),
                                            const std::function<void()>& meanwhile = {});

}  // namespace rollcall::catalog
