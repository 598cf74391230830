// A gRPC client that asks and never reads: it gives HTTP/2's default window and no
// more of it, as a process that hangs does.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::etcdapi::testing {

class DeafClient {
 public:
  // Connects to "127.0.0.1:PORT", or fails the test.
  explicit DeafClient(const std::string& address);
  ~DeafClient();
  DeafClient(const DeafClient&) = delete;
  DeafClient& operator=(const DeafClient&) = delete;

  // Begins a call of "/etcdserverpb.KV/Range" with one message; `more` may follow.
  void Ask(std::string_view path, std::string_view message, bool more = false);

 private:
  void Frame(char type, char flags, int stream, std::string_view payload);
  void Send(std::string_view octets);

  int fd_ = -1;
  int stream_ = -1;
};

}  // namespace rollcall::etcdapi::testing
