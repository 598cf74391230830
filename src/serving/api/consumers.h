// Whom the book of consumers has for a name, and how far he is behind.
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "catalog/view.h"
#include "store/store.h"
#include "wire/name.h"

namespace rollcall::serving::api {

// The name that a consumer asks for, without selectors (`_healthy.`).  Nothing: it is none.
[[nodiscard]] std::optional<wire::Name> PlainName(std::string_view asked);

// By how many revisions the last change at or below `name` is ahead of `told`; 0: it is not.
[[nodiscard]] store::Revision LagOf(const catalog::View& view, wire::NameView name,
                                    store::Revision told);

}  // namespace rollcall::serving::api
