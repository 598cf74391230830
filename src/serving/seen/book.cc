#include "serving/seen/book.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

#include "wire/name.h"

namespace rollcall::serving::seen {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostText = 256;
// Escapes make up to four octets of one of a name's 255.
constexpr std::size_t kMostName = 1024;
// Asks that follow one another faster are one: a client that tries several names or types.
constexpr milliseconds kTogether{1000};
constexpr int kSilentAfter = 3;  // intervals

void Cut(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  // Not in the midst of a UTF-8 character.
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  text.resize(most);
}

std::string KeyOf(const Ask& ask) {
  std::string key(1, static_cast<char>(ask.mechanism));
  for (const std::string* part : {&ask.client, &ask.name, &ask.user_agent}) {
    key += *part;
    key += '\0';
  }
  return key;
}

std::string AddressText(const Sighting& sighting) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(sighting.v6 ? AF_INET6 : AF_INET, sighting.address.data(), text, sizeof text);
  return text;
}

std::string NameText(const Sighting& sighting) {
  wire::Name name(wire::NameView(std::string_view(sighting.name.data(), sighting.name_size)));
  name.ToLower();
  std::string text = name.ToText();
  if (text.size() > 1) text.pop_back();
  return text;
}

Ask AskOf(const Sighting& sighting) {
  return {.client = AddressText(sighting),
          .mechanism = Mechanism::kDns,
          .name = NameText(sighting),
          .transport = sighting.tcp ? "tcp" : "udp",
          .revision = sighting.revision,
          .count = sighting.count};
}

// Follows slowly, and a long pause only in part: it is a pause, and no new habit.
milliseconds Follow(std::optional<milliseconds> interval, milliseconds gap) {
  if (!interval) return gap;
  return *interval + (std::min(gap, *interval * kSilentAfter) - *interval) / 4;
}

}  // namespace

std::string_view ToString(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::kDns:
      return "dns";
    case Mechanism::kHttpSd:
      return "http_sd";
    case Mechanism::kConsulSd:
      return "consul_sd";
    case Mechanism::kApi:
      return "api";
  }
  return "api";
}

Book::Book(BookOptions options, const Clock& clock) : options_(options), clock_(clock) {
}

void Book::Note(Ask ask) {
  const SteadyTime now = clock_.Now();
  auto pages = pages_.Lock();
  Enter(*pages, std::move(ask), now);
}

void Book::Enter(Pages& pages, Ask ask, SteadyTime at) {
  Cut(ask.name, kMostName);
  Cut(ask.client, kMostText);
  Cut(ask.user_agent, kMostText);
  std::string key = KeyOf(ask);
  const auto found = pages.by_key.find(key);
  if (found == pages.by_key.end()) {
    if (options_.most == 0) return;
    if (pages.entries.size() >= options_.most) {
      const Consumer& oldest = pages.entries.back().consumer;
      pages.by_key.erase(KeyOf({oldest.client, oldest.mechanism, oldest.name, oldest.user_agent}));
      pages.entries.pop_back();
      ++pages.forgotten;
    }
    pages.entries.push_front({.consumer = {.client = std::move(ask.client),
                                           .mechanism = ask.mechanism,
                                           .name = std::move(ask.name),
                                           .user_agent = std::move(ask.user_agent)},
                              .first = at,
                              .last = at});
    pages.by_key.emplace(std::move(key), pages.entries.begin());
  } else {
    pages.entries.splice(pages.entries.begin(), pages.entries, found->second);
  }
  Entry& entry = pages.entries.front();
  Consumer& consumer = entry.consumer;
  const auto gap = std::chrono::duration_cast<milliseconds>(at - entry.last);
  if (ask.interval && ask.interval->count() > 0) {
    consumer.interval = ask.interval;
    entry.told = true;
  } else if (gap >= kTogether && !entry.told) {
    consumer.interval = Follow(consumer.interval, gap);
  }
  entry.last = std::max(entry.last, at);
  consumer.asks += ask.count;
  consumer.transport = std::move(ask.transport);
  consumer.revision = ask.revision;
}

std::shared_ptr<Tap> Book::AddTap() {
  auto tap = std::make_shared<Tap>();
  pages_.Lock()->taps.push_back(tap);
  return tap;
}

void Book::Drain() {
  auto pages = pages_.Lock();
  DrainInto(*pages);
}

void Book::DrainInto(Pages& pages) {
  Sighting sighting;
  for (const auto& tap : pages.taps) {
    // No more than a ring holds, whatever comes in meanwhile.
    for (std::size_t i = 0; i < Tap::kRing && tap->Take(sighting); ++i) {
      Enter(pages, AskOf(sighting), sighting.at);
    }
  }
  std::erase_if(pages.taps, [&](const std::shared_ptr<Tap>& tap) {
    if (tap.use_count() > 1) return false;
    while (tap->Take(sighting)) Enter(pages, AskOf(sighting), sighting.at);
    pages.dropped += tap->dropped();
    return true;
  });
}

std::vector<Consumer> Book::List() {
  const SteadyTime now = clock_.Now();
  const WallTime wall = clock_.WallNow();
  const auto shown = [&](SteadyTime time) {
    return wall - std::chrono::duration_cast<WallTime::duration>(now - time);
  };
  std::vector<Consumer> consumers;
  auto pages = pages_.Lock();
  DrainInto(*pages);
  consumers.reserve(pages->entries.size());
  for (const Entry& entry : pages->entries) {
    Consumer consumer = entry.consumer;
    consumer.first_seen = shown(entry.first);
    consumer.last_seen = shown(entry.last);
    consumer.silent =
        now - entry.last > consumer.interval.value_or(options_.interval) * kSilentAfter;
    consumers.push_back(std::move(consumer));
  }
  return consumers;
}

Book::Counters Book::counters() {
  auto pages = pages_.Lock();
  Counters counters{pages->entries.size(), pages->forgotten, pages->dropped};
  for (const auto& tap : pages->taps) counters.dropped += tap->dropped();
  return counters;
}

}  // namespace rollcall::serving::seen
