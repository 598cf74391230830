// The body of http_sd: an array with one group for each target, in key order.
//
// For each target: its address as an IP literal wherever one is known, so that a scrape looks
// nothing up (an IPv6 one in brackets), and its port.  Port 0 is left out: such a registration
// is an address where nothing listens by itself, as is what a blackbox exporter is to ping; DNS
// has it, so it is here too, but ":0" would be a port that can never be scraped, while without
// one Prometheus takes that of the scheme.
//
// Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "serving/sd/gather.h"
#include "serving/sd/refusal.h"
#include "serving/sd/sd_ask.h"

namespace rollcall::serving::sd {

// A body is rendered in pieces of about this size, each given to an Emit as soon as it is there;
// the last whatever its size.
inline constexpr std::size_t kPiece = std::size_t{256} << 10U;
using Emit = std::function<void(std::string piece)>;

struct Rendered {
  std::size_t targets = 0;
  // Of those asked for: that no answer can have, since one target that Prometheus does not
  // understand costs it the whole answer (a text that is not UTF-8, a host that is no host name).
  std::size_t left_out = 0;
};

// 400, before anything is rendered: a label is asked for that no target of the name has (rule H11),
// though it has targets.
[[nodiscard]] Asked<Rendered> RenderSd(const SdAsk& ask, const Gathered& gathered,
                                       const Emit& emit);

// Label names of Prometheus: each character other than [a-zA-Z0-9_] is a `_`.
[[nodiscard]] std::string SanitizedLabelName(std::string_view name);

}  // namespace rollcall::serving::sd
