#include "catalog/last_known.h"

#include <malloc.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/log.h"

namespace rollcall::catalog {
namespace {

constexpr const char* kNewFile = "last-known.new";
constexpr std::size_t kChangeOctets = 200;  // what a change takes besides its texts
// Between two lists for the sake of the file, at most; as long as that without a loss, and
// the next one is mended at once again.
constexpr std::chrono::milliseconds kSeldom{600'000};

}  // namespace

std::size_t LastKnown::Word::octets() const {
  return kChangeOctets + kv.key.size() + kv.value.size();
}

bool LastKnown::IsPage(const std::vector<Word>& words) {
  const auto follows = [](const Word& a, const Word& b) { return a.kv.key < b.kv.key; };
  return std::all_of(words.begin(), words.end(), [](const Word& word) { return word.put; }) &&
         std::adjacent_find(words.begin(), words.end(), std::not_fn(follows)) == words.end();
}

void LastKnown::Noted::Add(std::vector<Word> words) {
  for (const Word& word : words) octets += word.octets();
  if (phase == Phase::kListing && IsPage(words)) {
    if (!words.empty()) batches.push_back({std::move(words), {}});
    return;
  }
  if (batches.empty()) batches.emplace_back();
  auto& later = batches.back().later;
  for (Word& word : words) {
    if (const auto before = later.find(word); before != later.end()) {
      octets -= before->octets();
      later.erase(before);
    }
    later.insert(std::move(word));
  }
}

void LastKnown::Append(Batches& batches, Batches more) {
  for (Batch& batch : more) {
    if (batches.empty() || !batch.page.empty()) {
      batches.push_back(std::move(batch));
      continue;
    }
    auto& later = batches.back().later;
    while (!batch.later.empty()) {
      auto word = batch.later.extract(batch.later.begin());
      later.erase(word.value());
      later.insert(std::move(word.value()));
    }
  }
}

LastKnown::LastKnown(LastKnownOptions options, lmdb::Directory directory, const Clock& clock)
    : options_(std::move(options)), clock_(clock), revive_(options_.retry, kSeldom) {
  directory_.emplace(std::move(directory));
  thread_ = std::jthread([this] { Run(); });
}

LastKnown::~LastKnown() {
  noted_.Lock()->stopping = true;
  changed_.notify_all();
}

// --- noting

void LastKnown::BeginList() {
  in_hand_.clear();
  {
    auto noted = noted_.Lock();
    wants_list_ = false;
    needs_all_ = noted->phase != Noted::Phase::kWhole;
    if (!needs_all_) return;
    noted->Drop();
    noted->phase = Noted::Phase::kListing;
    noted->begun = true;
  }
  changed_.notify_all();
}

void LastKnown::Put(store::KeyValue kv) {
  in_hand_.push_back({std::move(kv), true});
}

void LastKnown::Erase(std::string_view key) {
  Word word;
  word.kv.key = key;
  in_hand_.push_back(std::move(word));
}

void LastKnown::Show(LastKnownHeader header, bool list_ended) {
  header.prefix = options_.prefix;
  header.seen = clock_.WallNow();
  if (list_ended) needs_all_ = false;
  {
    auto noted = noted_.Lock();
    if (noted->phase == Noted::Phase::kDropping) {
      in_hand_.clear();
      return;
    }
    noted->Add(std::exchange(in_hand_, {}));
    noted->header = std::move(header);
    if (list_ended) {
      noted->ended = true;
      noted->phase = Noted::Phase::kWhole;
    }
    if (noted->octets + noted->taken > options_.most_noted) {
      noted->Drop();
      noted->lost = true;
    }
  }
  in_hand_.clear();
  changed_.notify_all();
}

// --- the thread

void LastKnown::Run() {
  using std::chrono::steady_clock;
  for (bool going = true; going;) {
    WaitForWork();
    const auto begun = steady_clock::now();
    going = Take();
    const auto pause = Note(Commit());
    auto noted = noted_.Lock();
    noted.WaitUntil(changed_, begun + pause, [&] { return noted->stopping; });
  }
}

void LastKnown::WaitForWork() {
  if (retrying_) return;  // it has paused already
  auto until = std::chrono::steady_clock::now() + options_.reseen;
  if (lost_ && !wants_list_) until = std::min(until, revival_);
  auto noted = noted_.Lock();
  noted.WaitUntil(changed_, until, [&] { return noted->HasWork(); });
}

bool LastKnown::Take() {
  auto noted = noted_.Lock();
  if (noted->begun || noted->lost) {
    lost_ = noted->lost;
    if (lost_) {
      SetRevival();
      (void)Note(Fail(ErrorCode::kExhausted, "more waits to be written than memory has room for"));
    }
    noted->begun = noted->lost = false;
    file_.reset();
    named_ = ended_ = false;
    taken_ = {};
    header_.reset();
  }
  Append(taken_, std::exchange(noted->batches, {}));
  noted->taken += std::exchange(noted->octets, 0);
  if (noted->header) header_ = std::exchange(noted->header, std::nullopt);
  ended_ = std::exchange(noted->ended, false) || ended_;
  return !noted->stopping;
}

Result<void> LastKnown::Commit() {
  if (lost_) {
    if (auto made = MakeFile(); !made) return made;
    auto noted = noted_.Lock();
    if (std::chrono::steady_clock::now() < revival_) return {};
    wants_list_ = noted->phase == Noted::Phase::kDropping;
    return {};
  }
  if (!header_ && named_) {
    const WallTime confirmed{WallTime::duration(confirmed_)};
    if (confirmed - written_.seen < options_.reseen) return {};
    header_ = written_;
    header_->seen = confirmed;
  }
  if (!header_) return {};
  if (file_ && !file_->IsThere()) {
    Forget();
    return Fail(ErrorCode::kUnavailable, PathOf(kFile) + " was taken away");
  }
  auto ok = Write();
  // What it holds now is not known.
  if (!ok && ok.error().code != ErrorCode::kExhausted) Forget();
  return ok;
}

Result<void> LastKnown::Write() {
  if (!file_) {
    if (auto made = MakeFile(); !made) return made;
  }
  if (taken_.empty()) taken_.emplace_back();
  for (const Batch& batch : taken_) {
    if (auto ok = Write(batch); !ok) return ok;
  }
  const bool is_first = ended_ && !named_;
  if (is_first) {
    if (auto ok = file_->Rename(PathOf(kFile)); !ok) return ok;
    named_ = true;
  }
  written_ = *std::exchange(header_, std::nullopt);
  taken_ = {};
  // What a list of the whole store came in has gone: whole pages, which the allocator would keep.
  if (is_first) (void)malloc_trim(0);
  noted_.Lock()->taken = 0;
  auto figures = figures_.Lock();
  ++figures->commits;
  if (named_) {
    figures->records = file_->records();
    figures->octets = file_->octets();
    figures->revision = written_.revision;
    figures->committed = clock_.WallNow();
  }
  return {};
}

Result<void> LastKnown::Write(const Batch& batch) {
  std::vector<LastKnownChange> changes;
  const auto add = [&](const Word& word) {
    changes.push_back({word.kv.key, word.put ? &word.kv : nullptr});
  };
  for (const Word& word : batch.page) add(word);
  if (!changes.empty()) {
    if (auto ok = file_->Write(std::exchange(changes, {}), *header_); !ok) return ok;
    if (batch.later.empty()) return {};
  }
  for (const Word& word : batch.later) add(word);
  return file_->Write(std::move(changes), *header_);
}

Result<void> LastKnown::MakeFile() {
  if (file_) return {};
  if (!directory_) {
    auto held = lmdb::Directory::Hold(options_.directory);
    if (!held) return Fail(std::move(held.error()));
    directory_.emplace(*std::move(held));
  }
  auto made = LastKnownFile::Make(PathOf(kNewFile));
  if (!made) return Fail(std::move(made.error()));
  file_.emplace(*std::move(made));
  return {};
}

// What has the name stays: it is the last that was known to be whole.
void LastKnown::Forget() {
  noted_.Lock()->Drop();
  lost_ = true;
  SetRevival();
  named_ = ended_ = false;
  file_.reset();
  directory_.reset();  // it may be another one that has the name now
  taken_ = {};
  header_.reset();
}

void LastKnown::SetRevival() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now - std::exchange(lost_at_, now) > kSeldom) revive_.Reset();
  revival_ = now + revive_.Next();
}

std::chrono::milliseconds LastKnown::Note(const Result<void>& committed) {
  const bool before = std::exchange(retrying_, !committed);
  if (committed) {
    if (named_ && std::exchange(told_, false))
      log::Info("what is served is kept on the disk again");
    return options_.interval;
  }
  ++figures_.Lock()->errors;
  if (!std::exchange(told_, true)) {
    log::Warn("what is served cannot be kept on the disk: a start without the store would not know",
              {{"why", committed.error().message}});
  }
  return before ? options_.retry : options_.interval;
}

std::string LastKnown::PathOf(const char* name) const {
  return options_.directory + "/" + name;
}

}  // namespace rollcall::catalog
