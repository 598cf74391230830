#include "catalog/lister.h"

#include <algorithm>
#include <future>
#include <utility>

namespace rollcall::catalog {
namespace {

constexpr std::int64_t kLeastPage = 100;

}  // namespace

Lister::Lister(store::Store& store, LockedLedger& ledger, Contact& contact, const Clock& clock,
               ListOptions options, std::function<bool()> stopping)
    : store_(store),
      ledger_(ledger),
      contact_(contact),
      clock_(clock),
      options_(std::move(options)),
      stopping_(std::move(stopping)),
      page_size_(options_.page_size) {
}

Result<Lister::Listed> Lister::List(const Epoch& epoch) {
  Listed listed;
  for (const std::string& prefix : {std::string(model::kOwnPrefix), options_.prefix}) {
    if (auto pages = ReadPages(prefix, epoch, listed); !pages)
      return Fail(std::move(pages.error()));
  }
  ledger_.With([&](Ledger& ledger) {
    listed.keys = ledger.listed();
    ledger.EndList(listed.header.revision);
  });
  contact_.Listed();
  return listed;
}

Lister::Fetched Lister::Fetch(const store::RangeRequest& request, bool make) const {
  const SteadyTime sent = clock_.Now();
  const auto begun = std::chrono::steady_clock::now();
  Fetched fetched{store_.Range(request, store::After(options_.call_timeout)), {}, sent};
  fetched.took = std::chrono::steady_clock::now() - begun;
  if (fetched.page && make) fetched.made = MakeRegistrations(options_.prefix, fetched.page->kvs);
  return fetched;
}

Result<void> Lister::ReadPages(const std::string& prefix, const Epoch& epoch, Listed& listed) {
  store::RangeRequest request{.keys = store::KeyRange::Prefix(prefix + "/"),
                              .revision = listed.header.revision};
  // Where nothing is known yet, all of it has to be made: while the page before is put into the
  // view.
  const bool make = prefix == options_.prefix &&
                    ledger_.With([](Ledger& ledger) { return ledger.knows_nothing(); });
  std::int64_t most = std::max(options_.page_size, page_size_);
  std::future<Fetched> ahead;
  bool is_first = true;
  for (bool more = true; more;) {
    request.limit = page_size_;
    Fetched fetched = ahead.valid() ? ahead.get() : Fetch(request, make);
    auto& page = fetched.page;
    if (stopping_()) return Fail(ErrorCode::kCancelled, "stopping");
    if (!page) {
      const bool smaller = Shrink(page.error());
      most = page_size_;
      if (smaller && request.revision != 0) continue;  // the same page, with fewer keys
      return Fail(page.error().code, prefix + "/: " + page.error().message);
    }
    // etcd counts all the rest for each page, so few of them are the better.
    const bool fast = fetched.took < options_.call_timeout / 8;
    if (fast && page_size_ == most) most = std::min(most * 2, std::max(most, options_.most_page));
    page_size_ = std::min(page_size_ * 2, most);
    if (request.revision == 0) {
      listed.header = page->header;
      listed.new_epoch = epoch.Contradicts(page->header);
      request.revision = page->header.revision;
      contact_.Prove(fetched.sent);
      ledger_.With(
          [&](Ledger& ledger) { ledger.BeginList(listed.new_epoch, listed.header.cluster_id); });
    } else if (page->header.cluster_id != listed.header.cluster_id) {
      return Fail(ErrorCode::kUnavailable, "two stores answered one list");
    }
    more = page->more && !page->kvs.empty();
    if (more) {
      request.keys.begin = page->kvs.back().key + '\0';
      request.limit = page_size_;
      ahead =
          std::async(std::launch::async, [this, request, make] { return Fetch(request, make); });
    }
    const bool expect = std::exchange(is_first, false) && make && page->count > 0;
    ledger_.With([&](Ledger& ledger) {
      if (expect) ledger.Expect(static_cast<std::size_t>(page->count));
      ledger.AddPage(std::move(page->kvs), std::move(fetched.made));
    });
  }
  return {};
}

Result<bool> Lister::KnowsOurPast() {
  const auto [last, revision] =
      ledger_.With([](Ledger& ledger) { return std::pair(ledger.last_change(), ledger.seen()); });
  if (last.key.empty()) return true;
  auto then = store_.Range({.keys = store::KeyRange::Single(last.key), .revision = revision},
                           store::After(options_.past_timeout));
  if (then) {
    if (then->kvs.empty()) return last.erased;
    return !last.erased && then->kvs.front().mod_revision == last.revision;
  }
  if (then.error().code == ErrorCode::kInvalid) return false;  // a revision yet to come
  return Fail(std::move(then.error()));
}

bool Lister::Shrink(const Error& error) {
  if (error.code != ErrorCode::kDeadline || page_size_ <= kLeastPage) return false;
  page_size_ = std::max(page_size_ / 2, kLeastPage);
  return true;
}

}  // namespace rollcall::catalog
