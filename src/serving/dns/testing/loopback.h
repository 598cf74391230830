// Clients, a stand-in upstream and a server with data of its own, all on free
// loopback ports: for the tests of this folder.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/publisher.h"
#include "serving/dns/server.h"
#include "serving/dns/socket.h"
#include "wire/build_query.h"
#include "wire/decode.h"

namespace rollcall::serving::dns::testing {

using Bytes = std::vector<std::uint8_t>;
inline constexpr int kPatienceMs = 5'000;  // for what must come
inline constexpr int kQuietMs = 150;       // for what must not

inline wire::Name NameOf(std::string_view text) {
  return wire::Name::FromText(text).value();
}

inline wire::Question QuestionOf(std::string_view name, wire::Type type) {
  wire::Question question;
  question.name = NameOf(name);
  question.type = type;
  return question;
}

inline Bytes Query(std::string_view name, wire::Type type, wire::QueryOptions options = {}) {
  return wire::BuildQuery(QuestionOf(name, type), options);
}

inline bool Readable(int fd, int wait_ms) {
  pollfd event{fd, POLLIN, 0};
  return poll(&event, 1, wait_ms) == 1;
}

class UdpClient {
 public:
  explicit UdpClient(const Address& server)
      : server_(ToSocketAddress(server).value()),
        socket_(::socket(server_.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    (void)!connect(socket_.get(), server_.get(), server_.size);  // so that only its replies come in
  }
  void Send(const Bytes& message) { (void)!send(socket_.get(), message.data(), message.size(), 0); }
  // Empty: nothing came.
  Bytes Receive(int wait_ms = kPatienceMs) {
    if (!Readable(socket_.get(), wait_ms)) return {};
    Bytes message(65'536);
    const ssize_t n = recv(socket_.get(), message.data(), message.size(), 0);
    message.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return message;
  }
  Result<wire::Response> Ask(const Bytes& message) {
    Send(message);
    return wire::DecodeResponse(Receive());
  }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  SocketAddress server_;
  Fd socket_;
};

class TcpClient {
 public:
  explicit TcpClient(const Address& server, int receive_buffer = 0)
      : server_(ToSocketAddress(server).value()),
        socket_(::socket(server_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer != 0) {
      setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    connected_ = connect(socket_.get(), server_.get(), server_.size) == 0;
  }
  static Bytes Frame(const Bytes& message) {
    Bytes framed{static_cast<std::uint8_t>(message.size() >> 8),
                 static_cast<std::uint8_t>(message.size() & 0xFF)};
    framed.insert(framed.end(), message.begin(), message.end());
    return framed;
  }
  // False: the server has closed.
  bool SendRaw(const Bytes& bytes) {
    return send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  bool Send(const Bytes& message) { return SendRaw(Frame(message)); }
  // Empty: nothing came, or the server has closed; see closed().
  Bytes Receive(int wait_ms = kPatienceMs) {
    const Bytes length = Read(2, wait_ms);
    return length.empty() ? Bytes{} : Read(length[0] << 8 | length[1], wait_ms);
  }
  Result<wire::Response> Ask(const Bytes& message) {
    Send(message);
    return wire::DecodeResponse(Receive());
  }
  // Waits until the server closes; false: it did not.
  bool WaitForClose(int wait_ms = kPatienceMs) {
    (void)Read(1, wait_ms);
    return closed_;
  }
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  Bytes Read(std::size_t size, int wait_ms) {
    Bytes bytes(size);
    for (std::size_t have = 0; have < size;) {
      if (!Readable(socket_.get(), wait_ms)) return {};
      const ssize_t n = recv(socket_.get(), &bytes[have], size - have, 0);
      if (n <= 0) {
        closed_ = true;
        return {};
      }
      have += static_cast<std::size_t>(n);
    }
    return bytes;
  }
  SocketAddress server_;
  Fd socket_;
  bool connected_ = false;
  bool closed_ = false;
};

// A resolver of which the test says what it does with each question.
class Upstream {
 public:
  // The reply to `query`; none: silence.  Runs on the upstream's thread.
  using Script = std::function<std::optional<Bytes>(const wire::Query& query, bool tcp)>;

  explicit Upstream(Script script) : script_(std::move(script)) {
    for (;;) {
      tcp_ = ListenTcp(ToSocketAddress({"127.0.0.1", 0}).value()).value();
      address_ = FromSocketAddress(BoundAddress(tcp_).get());
      auto udp = BindUdp(ToSocketAddress(address_).value());
      if (!udp) continue;
      udp_ = std::move(*udp);
      break;
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }
  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] int udp_questions() const { return udp_questions_; }
  [[nodiscard]] int tcp_questions() const { return tcp_questions_; }

 private:
  void Run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd events[2] = {{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
      if (poll(events, 2, 20) <= 0) continue;
      if (events[0].revents != 0) AnswerUdp();
      if (events[1].revents != 0) AnswerTcp();
    }
  }
  void AnswerUdp() {
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    Bytes message(4096);
    const ssize_t n =
        recvfrom(udp_.get(), message.data(), message.size(), 0, peer.get(), &peer.size);
    if (n < 0) return;
    message.resize(static_cast<std::size_t>(n));
    ++udp_questions_;
    if (const auto reply = Act(message, false)) {
      sendto(udp_.get(), reply->data(), reply->size(), 0, peer.get(), peer.size);
    }
  }
  void AnswerTcp() {
    const Fd connection(accept(tcp_.get(), nullptr, nullptr));
    Bytes message(4096);
    if (!Readable(connection.get(), kPatienceMs)) return;
    const ssize_t n = recv(connection.get(), message.data(), message.size(), 0);
    if (n < 2) return;
    ++tcp_questions_;
    message = Bytes(message.begin() + 2, message.begin() + n);
    if (const auto reply = Act(message, true)) {
      const Bytes framed = TcpClient::Frame(*reply);
      (void)!send(connection.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
    }
  }
  std::optional<Bytes> Act(const Bytes& message, bool tcp) {
    wire::Query query;
    if (!wire::ParseQuery(message, query)) return std::nullopt;
    return script_(query, tcp);
  }

  Script script_;
  Fd tcp_;
  Fd udp_;
  Address address_;
  std::atomic<int> udp_questions_{0};
  std::atomic<int> tcp_questions_{0};
  std::jthread thread_;
};

// One A record per address, or an error.
struct Says {
  std::vector<wire::Ipv4> addresses;
  std::uint32_t ttl = 60;
  wire::Rcode rcode = wire::Rcode::kNoError;
  bool truncated = false;
};
inline Bytes Reply(const wire::Query& query, const Says& says) {
  std::vector<wire::Record> answer;
  for (const wire::Ipv4& address : says.addresses) {
    answer.push_back({query.question.name, wire::Type::kA, says.ttl, wire::A{address}});
  }
  wire::Reply reply;
  reply.rcode = says.rcode;
  reply.truncated = says.truncated;
  reply.recursion_available = true;
  reply.answer = answer;
  Bytes out(wire::kMaxMessageSize);
  out.resize(wire::EncodeReply(query, reply, {.max_size = out.size(), .our_udp_size = 4096}, out));
  return out;
}

// Registrations under /skydns, zone prom.internal, and a server for them.
class World {
 public:
  explicit World(std::initializer_list<std::pair<std::string, std::string>> registrations = {})
      : zones_({.names = {NameOf("prom.internal")}}) {
    for (const auto& [key, value] : registrations) Put(key, value);
  }

  void Put(const std::string& key, const std::string& value) {
    const std::int64_t revision = ++revision_;
    publisher_.Apply([&](catalog::View& view) {
      const store::KeyValue kv{.key = "/skydns/internal/prom/" + key,
                               .value = value,
                               .create_revision = revision,
                               .mod_revision = revision,
                               .version = 1};
      view.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
      view.revision = revision;
    });
  }
  // `count` addresses below `service`.
  void Fill(const std::string& service, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string n = std::to_string(1000 + i);
      Put(service + "/host-" + n + "-of-a-long-name",
          R"({"host":"10.0.)" + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) +
              R"(","port":9100})");
    }
  }

  // Serves on 127.0.0.1 with a free port, unless `options` says where.
  Result<void> Serve(Options options = {}) {
    if (options.listen.empty()) options.listen = {{"127.0.0.1", 0}};
    if (options.udp_workers == 0) options.udp_workers = 2;
    server_.emplace(
        publisher_, [this] { return standing_.load(); }, zones_, std::move(options));
    return server_->Start();
  }
  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] Address address(std::size_t i = 0) const { return server_->bound().at(i); }
  void set_standing(catalog::Standing standing) { standing_ = standing; }

 private:
  std::atomic<catalog::Standing> standing_{catalog::Standing::kSynced};
  catalog::Publisher publisher_;
  answer::Zones zones_;
  std::int64_t revision_ = 0;
  std::optional<Server> server_;
};

}  // namespace rollcall::serving::dns::testing
