// What the API tells of the program itself.
#pragma once

#include <string>

#include "app/serve_options.h"
#include "app/settings.h"
#include "serving/api/sources.h"

namespace rollcall::app {

// The flags with the values that count, and the text of the configuration file, as it is now.
// None of them holds a secret: those are in files of their own.
[[nodiscard]] serving::api::Facts FactsOf(const Settings& settings);

// Which store it is, as far as the options say.
[[nodiscard]] serving::api::StoreFacts StoreFactsOf(const ServeOptions& options);

// What may be registered by a server of these options: loopback addresses only where the whole
// store is on this machine.
[[nodiscard]] registry::Rules RulesOf(const ServeOptions& options);

}  // namespace rollcall::app
