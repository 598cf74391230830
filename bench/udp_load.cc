// A load of DNS questions by UDP at a fixed rate, whatever the answers do (an open loop: dnsperf
// waits for its window, and so asks less while a server is slow).
//   udp_load PORT SECONDS RATE FILE
// asks 127.0.0.1 what FILE says, a line `NAME TYPE` for each question, round and round.  Prints, as
// JSON, how many were sent, answered and lost, the answers by rcode, and the latencies in
// microseconds: from just before the question is handed to the kernel until the kernel has the
// answer (SO_TIMESTAMPNS), so that a load that is held up by others does not show in them.  `late`
// is by how much sending was behind the rate at worst.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "wire/build_query.h"

namespace rollcall {
namespace {

using Octets = std::vector<std::uint8_t>;
using Nanoseconds = std::int64_t;  // of CLOCK_REALTIME, as the kernel's stamps

constexpr std::size_t kSockets = 8;
constexpr std::size_t kIds = 1 << 16;
constexpr std::size_t kBatch = 16;
constexpr std::size_t kMostReply = 4096;
constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kPatience = kSecond;  // for the last answers

[[noreturn]] void Die(const std::string& why) {
  fmt::print(stderr, "udp_load: {}\n", why);
  std::exit(1);
}

Nanoseconds Now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

Octets Question(const std::string& line) {
  const std::size_t space = line.find(' ');
  const auto name = wire::Name::FromText(line.substr(0, space));
  if (!name) Die(name.error().message);
  const std::string type = space == std::string::npos ? "" : line.substr(space + 1);
  for (const wire::Type known :
       {wire::Type::kA, wire::Type::kAaaa, wire::Type::kSrv, wire::Type::kPtr, wire::Type::kTxt}) {
    if (wire::ToText(known) != type) continue;
    wire::Question question;
    question.name = *name;
    question.type = known;
    return wire::BuildQuery(question, {.edns_udp_size = 1232});
  }
  Die("not NAME TYPE: " + line);
}

// One socket, with when each of its questions was sent; 0: none is under way under this id.
struct Lane {
  int socket = -1;
  std::uint16_t next_id = 0;
  std::vector<Nanoseconds> sent = std::vector<Nanoseconds>(kIds);
};

struct Tally {
  std::uint64_t sent = 0;
  std::array<std::uint64_t, 16> rcodes{};
  std::vector<float> microseconds;
  Nanoseconds late = 0;
};

class Load {
 public:
  Load(std::uint16_t port, std::vector<Octets> questions)
      : questions_(std::move(questions)), lanes_(kSockets) {
    for (Lane& lane : lanes_) lane.socket = Connected(port);
    for (std::size_t i = 0; i < kBatch; ++i) {
      in_[i] = {replies_[i].data(), kMostReply};
    }
  }

  Tally Run(Nanoseconds time, double rate) {
    const Nanoseconds begun = Now();
    const Nanoseconds each = static_cast<Nanoseconds>(static_cast<double>(kSecond) / rate);
    const auto all = static_cast<std::uint64_t>(time / each);
    while (tally_.sent < all) {
      const Nanoseconds now = Now();
      const auto due = std::min(all, static_cast<std::uint64_t>((now - begun) / each) + 1);
      if (due > tally_.sent) {
        const auto waited = static_cast<Nanoseconds>(tally_.sent) * each;
        tally_.late = std::max(tally_.late, now - begun - waited);
        Send(static_cast<std::size_t>(std::min<std::uint64_t>(due - tally_.sent, kBatch)));
        Receive();
      } else {
        Wait(begun + static_cast<Nanoseconds>(due) * each - now);
      }
    }
    const Nanoseconds last = Now();
    while (tally_.microseconds.size() < tally_.sent && Now() - last < kPatience) {
      Wait(kSecond / 100);
    }
    return std::move(tally_);
  }

 private:
  static int Connected(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    const int buffer = 4 << 20;
    setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      Die("connect");
    }
    return socket;
  }

  void Send(std::size_t count) {
    Lane& lane = lanes_[turn_++ % kSockets];
    for (std::size_t i = 0; i < count; ++i) {
      Octets& question = out_[i];
      question = questions_[(tally_.sent + i) % questions_.size()];
      const auto id = static_cast<std::uint16_t>(lane.next_id + i);
      question[0] = static_cast<std::uint8_t>(id >> 8);
      question[1] = static_cast<std::uint8_t>(id);
      pieces_[i] = {question.data(), question.size()};
      headers_[i] = {};
      headers_[i].msg_hdr.msg_iov = &pieces_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
    const Nanoseconds now = Now();
    for (std::size_t i = 0; i < count; ++i) {
      lane.sent[static_cast<std::uint16_t>(lane.next_id + i)] = now;
    }
    const int n = sendmmsg(lane.socket, headers_.data(), static_cast<unsigned>(count), 0);
    if (n < 0 && errno != EAGAIN && errno != EINTR) Die(std::string("sendmmsg"));
    // What the kernel did not take is asked in the next turn.
    const auto taken = static_cast<std::size_t>(std::max(n, 0));
    for (std::size_t i = taken; i < count; ++i) {
      lane.sent[static_cast<std::uint16_t>(lane.next_id + i)] = 0;
    }
    lane.next_id = static_cast<std::uint16_t>(lane.next_id + taken);
    tally_.sent += taken;
  }

  void Wait(Nanoseconds time) {
    std::array<pollfd, kSockets> waiting{};
    for (std::size_t i = 0; i < kSockets; ++i) waiting[i] = {lanes_[i].socket, POLLIN, 0};
    const timespec limit{time / kSecond, time % kSecond};
    ppoll(waiting.data(), waiting.size(), &limit, nullptr);
    Receive();
  }

  void Receive() {
    for (Lane& lane : lanes_) {
      while (ReceiveFrom(lane) == kBatch) {
      }
    }
  }

  std::size_t ReceiveFrom(Lane& lane) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      headers_[i] = {};
      headers_[i].msg_hdr.msg_iov = &in_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
      headers_[i].msg_hdr.msg_control = controls_[i].octets.data();
      headers_[i].msg_hdr.msg_controllen = controls_[i].octets.size();
    }
    const int n = recvmmsg(lane.socket, headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
    const auto count = static_cast<std::size_t>(std::max(n, 0));
    for (std::size_t i = 0; i < count; ++i) Count(lane, headers_[i], replies_[i]);
    return count;
  }

  void Count(Lane& lane, mmsghdr& header, const std::array<std::uint8_t, kMostReply>& reply) {
    if (header.msg_len < 12) return;
    Nanoseconds& sent = lane.sent[static_cast<std::size_t>(reply[0]) << 8 | reply[1]];
    const cmsghdr* const control = CMSG_FIRSTHDR(&header.msg_hdr);
    if (sent == 0 || control == nullptr || control->cmsg_type != SCM_TIMESTAMPNS) return;
    timespec arrived{};
    std::memcpy(&arrived, CMSG_DATA(control), sizeof arrived);
    const Nanoseconds took = arrived.tv_sec * kSecond + arrived.tv_nsec - sent;
    tally_.microseconds.push_back(static_cast<float>(took) / 1000);
    ++tally_.rcodes[reply[3] & 15u];
    sent = 0;
  }

  struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> octets;
  };

  const std::vector<Octets> questions_;
  std::vector<Lane> lanes_;
  std::size_t turn_ = 0;
  Tally tally_;
  std::array<Octets, kBatch> out_;
  std::array<std::array<std::uint8_t, kMostReply>, kBatch> replies_;
  std::array<Control, kBatch> controls_;
  std::array<iovec, kBatch> pieces_{};
  std::array<iovec, kBatch> in_{};
  std::array<mmsghdr, kBatch> headers_{};
};

void Print(Tally tally) {
  std::vector<float>& times = tally.microseconds;
  if (times.empty()) Die("no answer at all");
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::string rcodes;
  for (std::size_t i = 0; i < tally.rcodes.size(); ++i) {
    if (tally.rcodes[i] == 0) continue;
    rcodes += fmt::format(R"({}"{}":{})", rcodes.empty() ? "" : ",",
                          wire::ToText(static_cast<wire::Rcode>(i)), tally.rcodes[i]);
  }
  fmt::print(R"({{"sent":{},"answered":{},"lost":{},"rcodes":{{{}}},"p50":{:.1f},"p99":{:.1f},)"
             R"("p999":{:.1f},"max":{:.1f},"late":{:.1f}}})"
             "\n",
             tally.sent, times.size(), tally.sent - times.size(), rcodes, at(0.5), at(0.99),
             at(0.999), times.back(), static_cast<double>(tally.late) / 1000);
}

int Main(int count, char** words) {
  if (count != 5) {
    fmt::print(stderr, "usage: udp_load PORT SECONDS RATE FILE\n");
    return 2;
  }
  const unsigned long port = std::strtoul(words[1], nullptr, 10);
  const unsigned long seconds = std::strtoul(words[2], nullptr, 10);
  const double rate = std::strtod(words[3], nullptr);
  if (port == 0 || port > 65535 || seconds == 0 || rate < 1) Die("PORT, SECONDS, RATE: numbers");
  std::vector<Octets> questions;
  std::ifstream file(words[4]);
  for (std::string line; std::getline(file, line);) questions.push_back(Question(line));
  if (questions.empty()) Die(std::string("no questions in ") + words[4]);
  prctl(PR_SET_TIMERSLACK, 1);
  Load load(static_cast<std::uint16_t>(port), std::move(questions));
  Print(load.Run(static_cast<Nanoseconds>(seconds) * kSecond, rate));
  return 0;
}

}  // namespace
}  // namespace rollcall

int main(int count, char** words) {
  return rollcall::Main(count, words);
}
