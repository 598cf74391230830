// Which registrations a list is of.
//
// Threads: a Filter is one thread's: it keeps memory between two looks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/view.h"
#include "model/state.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::api {

class Filter {
 public:
  // From the parameters `state`, `label.K`, `problem` and `q`.  kInvalid: a state that is none, a
  // label without a name, a problem that is neither true nor false.
  [[nodiscard]] static Result<Filter> Read(const http::Request& request);

  [[nodiscard]] bool Fits(const catalog::Registration& registration, const catalog::Marks& marks,
                          WallTime now);

 private:
  struct Label {
    std::string name;
    std::string value;
  };

  [[nodiscard]] bool HasWords(const catalog::Registration& registration, model::State state);

  std::vector<model::State> states_;  // none: all
  std::vector<Label> labels_;
  std::optional<bool> problem_;     // whether something of its value cannot be read; none: both
  std::vector<std::string> words_;  // lower case
  std::string text_;
};

// The words of a free text, in lower case.
[[nodiscard]] std::vector<std::string> WordsOf(std::string_view text);

}  // namespace rollcall::serving::api
