// The limit of what a server by UDP can do: takes datagrams, 64 at a time, and sends SIZE octets
// back to each, with its id, and looks at nothing else.
//   echo PORT SIZE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMost = 4096;
// See serving/dns/udp_worker.cc: no power of two.
constexpr std::size_t kStride = kMost + 3 * 64;

std::array<std::array<char, kStride>, kBatch> messages;
std::array<sockaddr_in, kBatch> peers;
std::array<iovec, kBatch> in;
std::array<iovec, kBatch> out;
std::array<mmsghdr, kBatch> headers;

bool Number(const char* text, unsigned most, unsigned& number) {
  const std::string_view view(text);
  const auto [end, error] = std::from_chars(view.begin(), view.end(), number);
  return error == std::errc() && end == view.end() && number <= most;
}

void Batch(int socket, std::size_t size) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    in[i] = {messages[i].data(), kMost};
    headers[i].msg_hdr = {&peers[i], sizeof peers[i], &in[i], 1, nullptr, 0, 0};
  }
  const int received = recvmmsg(socket, headers.data(), kBatch, MSG_WAITFORONE, nullptr);
  for (int i = 0; i < received; ++i) {
    messages[static_cast<std::size_t>(i)][2] = static_cast<char>(0x84);  // a response
    out[static_cast<std::size_t>(i)] = {messages[static_cast<std::size_t>(i)].data(), size};
    headers[static_cast<std::size_t>(i)].msg_hdr.msg_iov = &out[static_cast<std::size_t>(i)];
  }
  for (int sent = 0; sent < received;) {
    const int n = sendmmsg(socket, &headers[static_cast<std::size_t>(sent)],
                           static_cast<unsigned>(received - sent), 0);
    sent += std::max(n, 1);  // what cannot go out is left
  }
}

}  // namespace

int main(int count, char** words) {
  unsigned port = 0;
  unsigned size = 0;
  if (count != 3 || !Number(words[1], 65535, port) || !Number(words[2], kMost, size)) {
    std::fputs("usage: echo PORT SIZE\n", stderr);
    return 2;
  }
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  const int buffer = 4 << 20;
  setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("echo: bind");
    return 1;
  }
  for (;;) Batch(socket, size);
}
