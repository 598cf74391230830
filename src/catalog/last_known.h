// Keeps on the disk what the view serves, so that a server that starts while the store is
// away answers from it (rule D2).
//
// What changes is only noted; a thread of its own commits it, at most once per interval, as
// one transaction: a crash leaves the last commit or the one before.  A disk that is full or
// fails is logged once, counted and tried again, and never hinders serving.
//
// Each start makes the file anew from its first list, see last_known_file.h; so does one
// that has lost it (somebody removed it, or the disk failed), which needs another list: ever
// more seldom, if it goes on so.
//
// Noted is the last word on each key: at most what a list of the whole store is, plus what
// was erased since the last commit.  Beyond `most_noted` octets, as while a disk stays full,
// all of it is dropped, and a list is needed as well.
//
// Threads: one of its own; who calls what is said below.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "catalog/last_known_file.h"
#include "lmdb/directory.h"
#include "store/store.h"

namespace rollcall::catalog {

struct LastKnownOptions {
  std::string directory;  // of its own; made, with those above it, if it is not there
  std::string prefix;     // normalized
  std::chrono::milliseconds interval{1000};  // between commits, at least
  std::chrono::milliseconds retry{5000};     // after one that failed, from the second on
  std::chrono::milliseconds reseen{60'000};  // between commits that only say "still so"
  std::size_t most_noted = std::size_t{512} << 20;
};

class LastKnown {
 public:
  inline static constexpr const char* kFile = "last-known.mdb";

  LastKnown(LastKnownOptions options, lmdb::Directory directory, const Clock& clock);
  ~LastKnown();  // after a last commit
  LastKnown(const LastKnown&) = delete;
  LastKnown& operator=(const LastKnown&) = delete;

  // --- by one thread at a time, none of which waits for the disk

  // All of the store follows, if it is needed: a list that was begun before is forgotten.
  void BeginList();
  // Whether the list in hand, or the next one, is to name even what has not changed.
  [[nodiscard]] bool needs_all() const { return needs_all_; }
  void Put(store::KeyValue kv);
  void Erase(std::string_view key);
  // The changes since the last call are those of the view that `header` tells of, and are
  // kept together.  `list_ended`: the view is whole.
  void Show(LastKnownHeader header, bool list_ended = false);

  // --- by any thread

  // What was shown last is still so.
  void Confirm() { confirmed_ = clock_.WallNow().time_since_epoch().count(); }
  // It has lost what it had and could keep it again.
  [[nodiscard]] bool wants_list() const { return wants_list_; }

  struct Figures {
    std::uint64_t records = 0;     // in the file
    std::uint64_t octets = 0;      // of the disk
    store::Revision revision = 0;  // that the file is of
    std::uint64_t commits = 0;
    std::uint64_t errors = 0;
    WallTime committed{};  // the last time; none: never yet
  };
  [[nodiscard]] Figures figures() const { return *figures_.Lock(); }

 private:
  // The last word on a key.
  struct Word {
    store::KeyValue kv;  // its key alone, if `put` is false: it goes
    bool put = false;
    [[nodiscard]] std::size_t octets() const;
  };
  struct ByKey {
    using is_transparent = void;
    static std::string_view Key(std::string_view key) { return key; }
    static std::string_view Key(const Word& word) { return word.kv.key; }
    template <typename T>
    std::size_t operator()(const T& one) const {
      return std::hash<std::string_view>()(Key(one));
    }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Key(a) == Key(b);
    }
  };
  // A page of a list comes in order, each key once, and needs no hash.  There is more than one
  // batch only while a file is made that nobody knows yet: each is written by itself.
  struct Batch {
    std::vector<Word> page;
    absl::flat_hash_set<Word, ByKey, ByKey> later;  // than the page
  };
  using Batches = std::vector<Batch>;
  [[nodiscard]] static bool IsPage(const std::vector<Word>& words);
  static void Append(Batches& batches, Batches more);
  // What the writer has not taken yet.
  struct Noted {
    enum class Phase { kDropping, kListing, kWhole };
    Phase phase = Phase::kDropping;  // until a list begins
    bool stopping = false;
    bool lost = false;   // too much was noted
    bool begun = false;  // a list has; what was noted before it counts no more
    bool ended = false;  // and this was the end of it
    Batches batches;
    std::optional<LastKnownHeader> header;
    std::size_t octets = 0;  // of the batches
    std::size_t taken = 0;   // of those that the writer holds

    void Add(std::vector<Word> words);
    [[nodiscard]] bool HasWork() const { return stopping || lost || begun || header; }
    void Drop() {
      const bool stop = stopping;
      *this = Noted{};
      stopping = stop;
    }
  };

  // The thread's own.
  void Run();
  void WaitForWork();
  [[nodiscard]] bool Take();  // false: stopping
  [[nodiscard]] Result<void> Commit();
  [[nodiscard]] Result<void> Write();
  [[nodiscard]] Result<void> Write(const Batch& batch);
  [[nodiscard]] Result<void> MakeFile();
  void Forget();
  void SetRevival();
  // How long to wait until the next commit.
  [[nodiscard]] std::chrono::milliseconds Note(const Result<void>& committed);
  [[nodiscard]] std::string PathOf(const char* name) const;

  const LastKnownOptions options_;
  const Clock& clock_;

  // Of who calls Put().
  std::vector<Word> in_hand_;

  Guarded<Noted> noted_;
  std::condition_variable changed_;
  std::atomic<WallTime::rep> confirmed_{0};
  mutable Guarded<Figures> figures_;
  std::atomic<bool> wants_list_{false};
  bool needs_all_ = true;  // of who calls Put()

  // Of the thread.
  bool named_ = false;     // the file is whole, and has its name
  bool ended_ = false;     // what is to be written is the rest of a list
  bool lost_ = false;      // the file went, or could not be written; a list is needed
  bool retrying_ = false;  // the last commit failed
  bool told_ = false;      // the log has said so
  SteadyTime lost_at_{};   // the last time
  SteadyTime revival_{};   // when to ask for the list
  Backoff revive_;
  std::optional<lmdb::Directory> directory_;
  std::optional<LastKnownFile> file_;
  Batches taken_;
  std::optional<LastKnownHeader> header_;  // to be written
  LastKnownHeader written_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace rollcall::catalog
