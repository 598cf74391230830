#include "store/embedded/record.h"

#include <algorithm>
#include <new>

namespace rollcall::store::embedded {

// Key and value follow the body in the same allocation: at a million registrations
// four allocations each would be a third of all memory.
Record RecordBody::Make(std::string_view key, std::string_view value, const Facts& facts) {
  void* memory = ::operator new(sizeof(RecordBody) + key.size() + value.size());
  char* octets = static_cast<char*>(memory) + sizeof(RecordBody);
  std::copy(value.begin(), value.end(), std::copy(key.begin(), key.end(), octets));
  return Record(new (memory) RecordBody(facts, static_cast<std::uint32_t>(key.size()),
                                        static_cast<std::uint32_t>(value.size())));
}

void RecordBody::Free(const RecordBody* record) {
  record->~RecordBody();
  ::operator delete(const_cast<RecordBody*>(record));
}

KeyValue ToKeyValue(const RecordBody& record, bool keys_only) {
  return {std::string(record.key()), std::string(keys_only ? std::string_view() : record.value()),
          record.create_revision(),  record.mod_revision(),
          record.version(),          record.lease()};
}

}  // namespace rollcall::store::embedded
