#include "etcdapi/testing/deaf_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rollcall::etcdapi::testing {
namespace {

// RFC 9113 section 6.
constexpr char kData = 0;
constexpr char kHeaders = 1;
constexpr char kSettings = 4;
constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;

// RFC 7541 section 6.2.2, of lengths below 127.
void AddHeader(std::string& block, std::string_view name, std::string_view value) {
  block += '\0';
  for (const std::string_view text : {name, value}) {
    block += static_cast<char>(text.size());
    block += text;
  }
}

std::string BigEndian(std::size_t number, int octets) {
  std::string text;
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) {
    text += static_cast<char>(number >> shift & 0xff);
  }
  return text;
}

}  // namespace

DeafClient::DeafClient(const std::string& address) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  // As little as there can be, so that the kernel does not read in our stead.
  const int small = 4096;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  Frame(kSettings, 0, 0, "");
}

DeafClient::~DeafClient() {
  close(fd_);
}

void DeafClient::Ask(std::string_view path, std::string_view message, bool more) {
  stream_ += 2;
  std::string block;
  AddHeader(block, ":method", "POST");
  AddHeader(block, ":scheme", "http");
  AddHeader(block, ":path", path);
  AddHeader(block, ":authority", "localhost");
  AddHeader(block, "content-type", "application/grpc");
  AddHeader(block, "te", "trailers");
  Frame(kHeaders, kEndHeaders, stream_, block);
  const std::string prefixed =
      std::string(1, '\0') + BigEndian(message.size(), 4) + std::string(message);
  Frame(kData, more ? 0 : kEndStream, stream_, prefixed);
}

void DeafClient::Frame(char type, char flags, int stream, std::string_view payload) {
  Send(BigEndian(payload.size(), 3) + type + flags +
       BigEndian(static_cast<std::size_t>(stream), 4) + std::string(payload));
}

void DeafClient::Send(std::string_view octets) {
  EXPECT_EQ(send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(octets.size()));
}

}  // namespace rollcall::etcdapi::testing
