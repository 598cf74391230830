// A registration as the API shows it.
//
// Pure.
#pragma once

#include <boost/json/object.hpp>

#include "answer/zones.h"
#include "catalog/view.h"

namespace rollcall::serving::api {

// All members of openapi.yaml's Instance.
[[nodiscard]] boost::json::object InstanceJson(const catalog::Registration& registration,
                                               const catalog::View& view,
                                               const answer::Zones& zones, WallTime now);

// Only those that are its own value's: address, port, labels, ...
[[nodiscard]] boost::json::object ValueJson(const catalog::Registration& registration);

// since, by, why, until.
[[nodiscard]] boost::json::object SaidJson(const model::Record& record);

// Texts of the store may be anything; JSON is UTF-8.
[[nodiscard]] boost::json::string Text(std::string_view text);

[[nodiscard]] std::string_view ToString(catalog::Standing standing);  // "synced", ...

}  // namespace rollcall::serving::api
