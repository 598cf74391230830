// What a request for /sd/NAME asks for.
//
// Pure.  Every octet of it comes from outside: see fuzz/sd_ask_fuzz.cc.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "answer/instances.h"
#include "answer/zones.h"
#include "serving/http/exchange.h"
#include "serving/sd/refusal.h"

namespace rollcall::serving::sd {

struct SdAsk {
  const answer::Zone* zone = nullptr;
  answer::Choice choice;
  std::map<std::string, std::string> labels;  // each of which a target must have
  bool instance_as_dns = false;               // the label `instance` as dns_sd makes it

  // Equal for equal answers of one view.
  [[nodiscard]] std::string Key() const;
};

// `name`: what follows /sd/, with or without a final dot and selectors.  Borrows `zones`.
//
// Whatever is not understood is refused, since a filter that does nothing would hand out
// targets that nobody wants, and one that nobody meets would take all away (rule H11):
// 404 for a name outside the zones; 400 for one that is none, for an unknown parameter, a
// value that it cannot have, one that is there twice, or two that contradict each other.
[[nodiscard]] Asked<SdAsk> ParseSdAsk(const answer::Zones& zones, std::string_view name,
                                      const std::vector<http::Field>& parameters);

// What both faces make of a name as it was written; 404 and 400 as above.
struct AskedName {
  const answer::Zone* zone = nullptr;
  answer::Choice choice;
};
[[nodiscard]] Asked<AskedName> ParseAskedName(const answer::Zones& zones, std::string_view text);

// Of a Choice, for keys of answers.
void AppendKey(const answer::Choice& choice, std::string& key);
// Unambiguous, whatever is in `text`.
void AppendKey(std::string_view text, std::string& key);

}  // namespace rollcall::serving::sd
