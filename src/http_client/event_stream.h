// Server-sent events, out of the octets of a body (WHATWG HTML, section 9.2.6).
//
// Pure.  Threads: a value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::http_client {

struct ServerEvent {
  std::string type;  // "message", where the server names none
  std::string data;  // lines with \n between them; the last one is without
  std::string id;    // the last one that was said, be it before this event
};

class EventStream {
 public:
  // `most`: octets of one event.
  explicit EventStream(std::size_t most = std::size_t{1} << 20) : most_(most) {}

  // Those that end within `octets`.  kExhausted: one is larger than allowed; read no further.
  [[nodiscard]] Result<std::vector<ServerEvent>> Read(std::string_view octets);

  // The last one that was said, also without an event: from here a client goes on; "": none was.
  [[nodiscard]] const std::string& last_id() const { return last_id_; }

 private:
  void EndLine(std::vector<ServerEvent>& events);
  void EndEvent(std::vector<ServerEvent>& events);

  std::size_t most_;
  std::string line_;  // what is there of it
  std::string type_;
  std::string data_;  // each line with its \n
  std::string id_;    // counts once its event ends
  std::string last_id_;
  bool after_return_ = false;  // a \n would be the rest of \r\n
  bool first_ = true;          // the line may begin with a byte order mark
};

}  // namespace rollcall::http_client
