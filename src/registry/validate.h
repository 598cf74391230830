// What may be registered.
//
// Each check returns kInvalid with one sentence that says what is wrong and, where
// there is a likely way out, which.  Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/service.h"

namespace rollcall::registry {

// An IP literal that another machine can use.
[[nodiscard]] Result<void> CheckAddress(std::string_view address, bool allow_loopback);

// 1..65535; 0 only for services that are addresses alone (see IsAddressOnly).
[[nodiscard]] Result<void> CheckPort(std::int64_t port, std::string_view service);

// DNS labels with dots between them: 1..63 of a-z 0-9 - _, not starting or ending
// with a hyphen, none of them a selector.  Upper case is let in and means the same.
[[nodiscard]] Result<void> CheckService(std::string_view service);

// One such label: an instance is one component of the key.
[[nodiscard]] Result<void> CheckInstance(std::string_view instance);

// Names as Prometheus takes them, values valid UTF-8.
[[nodiscard]] Result<void> CheckLabels(const std::map<std::string, std::string>& labels);

// How it is to be scraped: each a label of Prometheus's, and one that it cannot read costs it the
// target, or the whole job.
[[nodiscard]] Result<void> CheckScraping(const model::Extension& extension);

// Of such as stand in `,a,b,`: no comma, no control characters, valid UTF-8.
[[nodiscard]] Result<void> CheckTags(const std::vector<std::string>& tags);

// 0 (unset) to 2^31-1, the most that DNS carries (RFC 2181 section 8).
[[nodiscard]] Result<void> CheckTtl(std::uint32_t ttl);

// `ns.dns`, `apex.dns` and names below them: read as addresses, never as
// something that listens.
[[nodiscard]] bool IsAddressOnly(std::string_view service);

}  // namespace rollcall::registry
