// Reads our own records and all registrations at one revision, in pages, into the ledger.
//
// Threads: one thread calls List(); it asks the store without holding the ledger.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/contact.h"
#include "catalog/epoch.h"
#include "catalog/locked_ledger.h"
#include "store/store.h"

namespace rollcall::catalog {

struct ListOptions {
  std::string prefix;                            // of the registrations, normalized
  std::int64_t page_size = 20'000;               // keys; fewer where they do not come in time,
  std::int64_t most_page = 20'000;               // more where they come fast
  std::chrono::milliseconds call_timeout{5000};  // of one page
  std::chrono::milliseconds past_timeout{2000};  // of KnowsOurPast()
};

class Lister {
 public:
  // Borrows all until destroyed.  `stopping` is asked between the pages.
  Lister(store::Store& store, LockedLedger& ledger, Contact& contact, const Clock& clock,
         ListOptions options, std::function<bool()> stopping);

  struct Listed {
    store::Header header;  // at which all of it was read
    bool new_epoch = false;
    std::size_t keys = 0;
  };
  // kCompacted: the revision went while its pages were read; begin again.
  [[nodiscard]] Result<Listed> List(const Epoch& epoch);

  // Whether the store has the last change of the ledger, at its revision.  One that
  // was restored from a backup may have kept its cluster id (etcd makes it of the
  // members' addresses) and be past our revision again by the time we are back; its
  // history is another one all the same, and a watch must not go on in it.
  // kCompacted: our revision is no longer kept, so list again, even where the next
  // one is: etcd loses a deletion at the compacted revision itself
  // (etcd-io/etcd#18089), and a watch from there would not tell.
  [[nodiscard]] Result<bool> KnowsOurPast();

 private:
  // Reads a range at the list's revision, which the first page settles.
  [[nodiscard]] Result<void> ReadPages(const std::string& prefix, const Epoch& epoch,
                                       Listed& listed);
  struct Fetched {
    Result<store::RangeResponse> page;
    std::vector<MadeRegistration> made;  // of it; none: nobody wanted that
    SteadyTime sent;
    std::chrono::nanoseconds took{};
  };
  // On any thread.
  [[nodiscard]] Fetched Fetch(const store::RangeRequest& request, bool make) const;
  // A page that is too much for the line in its time would be so for ever; grows
  // again with what comes in time, since a store that hung is no slow line.
  bool Shrink(const Error& error);

  store::Store& store_;
  LockedLedger& ledger_;
  Contact& contact_;
  const Clock& clock_;
  const ListOptions options_;
  const std::function<bool()> stopping_;
  std::int64_t page_size_;
};

}  // namespace rollcall::catalog
