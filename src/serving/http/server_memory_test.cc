// What it costs to hold many exchanges that nothing happens to.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "serving/http/server.h"

namespace rollcall::serving::http {
namespace {

constexpr std::size_t kMostEach = 20'000;  // octets: 100 MB for all of them

// A sanitizer has memory of its own for each object.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ROLLCALL_SANITIZED
#endif
#endif
#ifdef ROLLCALL_SANITIZED
constexpr std::size_t kHeld = 500;
#else
constexpr std::size_t kHeld = 5000;
#endif

std::size_t AnonymousMemory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "RssAnon:") continue;
    std::size_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

// A socket and nothing else, so that what is measured is the server's.
int Ask(const sockaddr_in& server) {
  static const std::string request =
      "GET /hold HTTP/1.1\r\nHost: 127.0.0.1:9530\r\nUser-Agent: Prometheus/2.42.0\r\n"
      "Accept: text/event-stream\r\nX-Prometheus-Refresh-Interval-Seconds: 30\r\n\r\n";
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 ||
      write(fd, request.data(), request.size()) != static_cast<ssize_t>(request.size())) {
    ADD_FAILURE() << "cannot connect";
  }
  return fd;
}

TEST(HttpMemory, HeldExchangesAreCheap) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const std::size_t count = std::min<std::size_t>(kHeld, files.rlim_cur / 2 - 100);

  Guarded<std::vector<ExchangePtr>> held;
  std::condition_variable complete;
  Options options;
  options.listen = {"127.0.0.1:0"};
  Route hold;
  hold.path = "/hold";
  hold.handler = [&](const ExchangePtr& exchange) {
    auto all = held.Lock();
    // Every other one is a stream, the others are polls.
    if (all->size() % 2 == 0) exchange->Begin({200, {}, "text/event-stream"});
    exchange->WhenGone([] {});
    all->push_back(exchange);
    if (all->size() == count) complete.notify_all();
  };
  Server server(options, {hold});
  ASSERT_TRUE(server.Start());
  held.Lock()->reserve(count);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  const std::string& bound = server.bound()[0];
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1))));

  const std::size_t before = AnonymousMemory();
  std::vector<int> clients;
  for (std::size_t i = 0; i < count; ++i) clients.push_back(Ask(address));
  {
    auto all = held.Lock();
    ASSERT_TRUE(all.WaitUntil(complete, std::chrono::steady_clock::now() + std::chrono::seconds(50),
                              [&] { return all->size() == count; }));
  }
  const std::size_t each = (AnonymousMemory() - before) / count;
  RecordProperty("octets_each", std::to_string(each));
  std::printf("%zu exchanges, %zu octets each\n", count, each);
#ifndef ROLLCALL_SANITIZED
  EXPECT_LT(each, kMostEach);
#endif
  for (const int fd : clients) close(fd);
  held.Lock()->clear();
}

}  // namespace
}  // namespace rollcall::serving::http
