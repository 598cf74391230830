// The store in this process, with its files and its API for others.
#pragma once

#include <memory>

#include "app/server_store.h"

namespace rollcall::app {

// Checks the file in a process of its own first: a page that is damaged kills who
// follows it.  A damaged file is left as it is, and the server goes on without: it
// answers from the last known view, or that it does not know, refuses to write, and the
// log says what to restore.
// kConflict, kRefused, kUnavailable, kExhausted: the program cannot go on.
[[nodiscard]] Result<std::unique_ptr<ServerStore>> OpenEmbeddedServer(
    const EmbeddedOptions& embedded, const ServeOptions& options);

}  // namespace rollcall::app
