// Who asked for a name over HTTP, for the book of consumers.
#pragma once

#include <string>

#include "serving/http/exchange.h"
#include "serving/seen/book.h"
#include "store/store.h"

namespace rollcall::app {

// `request` was answered for `name` from `revision`.  Which mechanism it was is in its path.
[[nodiscard]] serving::seen::Ask AskOf(const serving::http::Request& request,
                                       const std::string& name, store::Revision revision);

}  // namespace rollcall::app
