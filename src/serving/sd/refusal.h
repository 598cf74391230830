// Why a request gets no instances.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace rollcall::serving::sd {

struct Refusal {
  unsigned status = 400;  // never 200: whoever asks keeps what he has
  std::string text;       // one sentence, for whoever reads the client's log
};

template <typename T>
using Asked = tl::expected<T, Refusal>;

[[nodiscard]] inline tl::unexpected<Refusal> Refuse(unsigned status, std::string text) {
  return tl::unexpected<Refusal>(Refusal{status, std::move(text)});
}

}  // namespace rollcall::serving::sd
