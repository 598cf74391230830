#include "h2_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rollcall::agents {
namespace {

enum Type : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindow = 8
};
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kAck = 1;
constexpr std::uint8_t kEndHeaders = 4;
constexpr int kUnavailableStatus = 14;

std::string Number(std::uint64_t number, int octets) {
  std::string text;
  for (int i = octets - 1; i >= 0; --i) text += static_cast<char>(number >> (8 * i));
  return text;
}
std::uint32_t ReadNumber(const char* at, int octets) {
  std::uint32_t number = 0;
  for (int i = 0; i < octets; ++i) number = number << 8 | static_cast<unsigned char>(at[i]);
  return number;
}

// HPACK (RFC 7541): a literal without Huffman coding; `how` is its first octet.
std::string Literal(int how, const std::string& name, const std::string& value) {
  std::string text(1, static_cast<char>(how));
  if (!name.empty()) text += static_cast<char>(name.size()) + name;
  return text + static_cast<char>(value.size()) + value;
}

// The server keeps the first request's fields in its table, as it would those of gRPC's own
// client, and the others name them there.
std::string HeadersOf(const std::string& path, bool first) {
  std::string block = "\x83\x86";    // POST, http
  block += Literal(0x04, "", path);  // :path by its place in the static table, not kept
  if (!first) {
    for (const int index : {62, 63, 64, 65, 66, 67}) block += static_cast<char>(0x80 | index);
    return block;
  }
  block += Literal(0x41, "", "127.0.0.1:2379");  // :authority
  block += Literal(0x40, "te", "trailers");
  block += Literal(0x40, "content-type", "application/grpc");
  block += Literal(0x40, "user-agent", "grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)");
  block += Literal(0x40, "grpc-accept-encoding", "identity, deflate, gzip");
  block += Literal(0x40, "hasleader", "true");
  return block;
}

// With no table of ours the server spells each field out.
std::optional<int> StatusIn(const std::string& block) {
  constexpr char kName[] = "grpc-status";
  const std::size_t at = block.find(kName);
  if (at == std::string::npos || at + sizeof kName >= block.size() + 1) return std::nullopt;
  std::size_t place = at + sizeof kName - 1;
  const int length = static_cast<unsigned char>(block[place++]);
  return std::atoi(block.substr(place, static_cast<std::size_t>(length)).c_str());
}

tl::unexpected<Error> Broken(const char* what) {
  return Fail(ErrorCode::kUnavailable, std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

Result<void> H2Connection::Connect(std::uint16_t port, SteadyTime deadline) {
  Close();
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    Close();
    return Broken("connect");
  }
  pollfd waiting{fd_, POLLOUT, 0};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  int error = 0;
  socklen_t size = sizeof error;
  const int ready = poll(&waiting, 1, std::max(0, static_cast<int>(left.count())));
  if (ready == 1) getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (ready != 1 || error != 0) {
    Close();
    errno = ready == 1 ? error : ETIMEDOUT;
    return Broken("connect");
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  out_ = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  constexpr std::uint32_t kWide = 1U << 30;
  Frame(kSettings, 0, 0, Number(1, 2) + Number(0, 4) + Number(4, 2) + Number(kWide, 4));
  Frame(kWindow, 0, 0, Number(kWide, 4));
  if (!Flush()) return Broken("hello");
  return {};
}

void H2Connection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  next_stream_ = 1;
  said_hello_ = false;
  out_.clear();
  in_ = {};
  for (auto& [id, stream] : streams_) {
    if (!stream.ended) stream.ended = kUnavailableStatus;
  }
}

void H2Connection::Frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                         const std::string& payload) {
  out_ += Number(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) +
          Number(stream, 4) + payload;
}

bool H2Connection::Flush() {
  while (!out_.empty()) {
    const ssize_t n = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (n > 0) {
      out_.erase(0, static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      return true;  // goes with what comes next
    } else {
      Close();
      return false;
    }
  }
  return true;
}

Result<std::uint32_t> H2Connection::Call(const std::string& path,
                                         const std::vector<std::string>& messages, bool last) {
  if (!open()) return Fail(ErrorCode::kUnavailable, "no connection");
  const std::uint32_t id = next_stream_;
  next_stream_ += 2;
  Frame(kHeaders, kEndHeaders, id, HeadersOf(path, !std::exchange(said_hello_, true)));
  std::string octets;
  for (const std::string& message : messages) {
    octets += '\0' + Number(message.size(), 4) + message;
  }
  Frame(kData, last ? kEndStream : 0, id, octets);
  streams_[id] = {};
  if (!Flush()) return Broken("send");
  return id;
}

void H2Connection::Cancel(std::uint32_t stream) {
  if (streams_.erase(stream) == 0 || !open()) return;
  Frame(kReset, 0, stream, Number(8, 4));
  (void)Flush();
}

Result<std::string> H2Connection::Next(std::uint32_t id, SteadyTime deadline) {
  for (;;) {
    const auto stream = streams_.find(id);
    if (stream == streams_.end()) return Fail(ErrorCode::kUnavailable, "the call is over");
    if (!stream->second.messages.empty()) {
      std::string message = std::move(stream->second.messages.front());
      stream->second.messages.erase(stream->second.messages.begin());
      return message;
    }
    if (stream->second.ended) {
      status_ = *stream->second.ended;
      streams_.erase(stream);
      return Fail(status_ == kUnavailableStatus ? ErrorCode::kUnavailable : ErrorCode::kNotFound,
                  "the call has ended");
    }
    if (!Wait(deadline)) return Fail(ErrorCode::kDeadline, "no answer in time");
  }
}

bool H2Connection::Poll() {
  if (open()) Take();
  return open();
}

bool H2Connection::Wait(SteadyTime deadline) {
  if (!open()) return true;  // its streams say so
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  pollfd waiting{fd_, static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  const int ready = poll(&waiting, 1, std::max(0, static_cast<int>(left.count())));
  if (ready > 0 && !out_.empty()) (void)Flush();
  if (ready > 0 && open()) Take();
  return ready > 0;
}

void H2Connection::Take() {
  for (char buffer[16 << 10];;) {
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n > 0) {
      in_.append(buffer, static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 || errno != EAGAIN) return Close();
    break;
  }
  std::size_t at = 0;
  while (in_.size() - at >= 9) {
    const char* const head = in_.data() + at;
    const std::size_t length = ReadNumber(head, 3);
    if (in_.size() - at < 9 + length) break;
    TakeFrame(static_cast<std::uint8_t>(head[3]), static_cast<std::uint8_t>(head[4]),
              ReadNumber(head + 5, 4), in_.substr(at + 9, length));
    if (!open()) return;
    at += 9 + length;
  }
  in_.erase(0, at);
  if (in_.empty()) in_ = {};  // idle connections hold nothing
  (void)Flush();
}

void H2Connection::TakeFrame(std::uint8_t type, std::uint8_t flags, std::uint32_t id,
                             const std::string& payload) {
  if (type == kSettings && (flags & kAck) == 0) return Frame(kSettings, kAck, 0, "");
  if (type == kPing && (flags & kAck) == 0) return Frame(kPing, kAck, 0, payload);
  if (type == kGoAway) return Close();
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  if (type == kReset) stream.ended = kUnavailableStatus;
  if (type == kHeaders && (flags & kEndStream) != 0) {
    stream.ended = StatusIn(payload).value_or(kUnavailableStatus);
  }
  if (type != kData) return;
  stream.octets += payload;
  while (stream.octets.size() >= 5) {
    const std::size_t size = ReadNumber(stream.octets.data() + 1, 4);
    if (stream.octets.size() < 5 + size) break;
    stream.messages.push_back(stream.octets.substr(5, size));
    stream.octets.erase(0, 5 + size);
  }
  if (stream.octets.empty()) stream.octets = {};
}

}  // namespace rollcall::agents
