// The record that holds the SOA serial's offset: {"offset":N,...}.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rollcall::model {

// The member `offset`; nothing, if it is not there or no unsigned 32-bit integer.
[[nodiscard]] std::optional<std::uint32_t> ParseSerialOffset(std::string_view json);

}  // namespace rollcall::model
