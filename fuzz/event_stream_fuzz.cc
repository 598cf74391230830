// Server-sent events: the same whether they come at once or octet by octet.

#include <string>

#include "http_client/event_stream.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rollcall::http_client::EventStream;
  constexpr std::size_t kMost = 200;
  const std::string text(reinterpret_cast<const char*>(data), size);
  EventStream at_once(kMost);
  EventStream in_octets(kMost);
  const auto whole = at_once.Read(text);
  std::size_t next = 0;
  for (const char& octet : text) {
    const auto some = in_octets.Read({&octet, 1});
    // A line that is too long is seen sooner by who gets it in pieces, never later.
    if (!some) return 0;
    for (const auto& event : *some) {
      REQUIRE(!event.type.empty() && event.data.size() <= kMost);
      if (!whole) continue;
      REQUIRE(next < whole->size());
      const auto& same = (*whole)[next++];
      REQUIRE(same.type == event.type && same.data == event.data && same.id == event.id);
    }
  }
  REQUIRE(whole && next == whole->size() && at_once.last_id() == in_octets.last_id());
  return 0;
}
