// The store in this process, with its files and its API for others.
#pragma once

#include <memory>
#include <optional>

#include "app/server_store.h"
#include "app/spared_check.h"

namespace rollcall::app {

// The file is looked through in a process of its own first: a page that is damaged kills who
// follows it.  None: there is no file yet.
[[nodiscard]] std::optional<SparedCheck> BeginCheck(const EmbeddedOptions& embedded);

// When `check` has ended.  A damaged file is left as it is, and the server goes on without: it
// answers from the last known view, or that it does not know, refuses to write, and the
// log says what to restore.
// kConflict, kRefused, kUnavailable, kExhausted: the program cannot go on.
[[nodiscard]] Result<std::unique_ptr<ServerStore>> OpenEmbeddedServer(
    const EmbeddedOptions& embedded, const ServeOptions& options, std::optional<SparedCheck> check);

}  // namespace rollcall::app
