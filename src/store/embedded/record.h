// One version of one key: immutable, one allocation, shared by the index, the
// history, the disk's queue and every reader and watcher that is just copying it.
//
// Threads: any number may hold and read one; the count of holders is atomic.
#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <string_view>

#include "store/store.h"

namespace rollcall::store::embedded {

class RecordBody;
using Record = boost::intrusive_ptr<const RecordBody>;

class RecordBody {
 public:
  struct Facts {
    Revision create_revision = 0;
    Revision mod_revision = 0;
    std::int64_t version = 0;  // 0: a deletion
    LeaseId lease = 0;
    std::uint32_t place = 0;  // among the changes of its revision, from 0
  };

  // Copies both.  Requires: each below 4 GiB.
  [[nodiscard]] static Record Make(std::string_view key, std::string_view value,
                                   const Facts& facts);
  [[nodiscard]] static Record Tombstone(std::string_view key, Revision revision,
                                        std::uint32_t place) {
    return Make(key, {}, {.mod_revision = revision, .place = place});
  }

  RecordBody(const RecordBody&) = delete;
  RecordBody& operator=(const RecordBody&) = delete;

  // Live as long as the record.
  [[nodiscard]] std::string_view key() const { return {octets(), key_size_}; }
  [[nodiscard]] std::string_view value() const { return {octets() + key_size_, value_size_}; }
  [[nodiscard]] Revision create_revision() const { return facts_.create_revision; }
  [[nodiscard]] Revision mod_revision() const { return facts_.mod_revision; }
  [[nodiscard]] std::int64_t version() const { return facts_.version; }
  [[nodiscard]] LeaseId lease() const { return facts_.lease; }
  [[nodiscard]] std::uint32_t place() const { return facts_.place; }
  [[nodiscard]] bool is_tombstone() const { return facts_.version == 0; }
  // Of the allocation, for those who count memory.
  [[nodiscard]] std::size_t size() const { return sizeof(RecordBody) + key_size_ + value_size_; }

 private:
  RecordBody(const Facts& facts, std::uint32_t key_size, std::uint32_t value_size)
      : facts_(facts), key_size_(key_size), value_size_(value_size) {}
  ~RecordBody() = default;

  [[nodiscard]] const char* octets() const { return reinterpret_cast<const char*>(this + 1); }

  friend void intrusive_ptr_add_ref(const RecordBody* record) {
    record->holders_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(const RecordBody* record) {
    if (record->holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) Free(record);
  }
  static void Free(const RecordBody* record);

  const Facts facts_;
  const std::uint32_t key_size_;
  const std::uint32_t value_size_;
  mutable std::atomic<std::uint32_t> holders_{0};
};

// As the contract hands it out: copied.
[[nodiscard]] KeyValue ToKeyValue(const RecordBody& record, bool keys_only = false);

}  // namespace rollcall::store::embedded
