#include "catalog/last_known_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lmdb/octets.h"

namespace rollcall::catalog {
namespace {

using ::testing::HasSubstr;

LastKnownHeader Header() {
  return {.cluster_id = 0xfedcba9876543210,
          .revision = 77,
          .changed = 70,
          .serial_offset = 4'000'000'000,
          .last_key = "/skydns/a",
          .last_revision = 70,
          .last_erased = true,
          .prefix = "/skydns",
          .seen = WallTime(std::chrono::milliseconds(1'700'000'000'123)),
          .records = 3,
          .sum = ~std::uint64_t{0}};
}

TEST(LastKnownFormat, ARecordComesBackWhateverItsKeyAndValue) {
  const std::string odd("\0/\n\xff", 4);
  for (const std::string& key :
       {std::string("k"), std::string("/skydns/a"), odd, std::string(400, 'k'),
        std::string(401, 'k'), std::string(5000, 'k')}) {
    for (const std::string& value : {std::string(), odd, std::string(100'000, 'v')}) {
      const store::KeyValue kv{key, value, 3, 0x0102030405060708, 5, -1};
      const std::string table_key = LastKnownTableKey(key);
      EXPECT_LE(table_key.size(), 511U);
      std::string entry = "what was there before";
      const std::uint64_t hash = EncodeLastKnown(kv, table_key, entry);
      const auto decoded = DecodeLastKnown(table_key, entry);
      ASSERT_TRUE(decoded) << decoded.error().message;
      EXPECT_EQ(decoded->kv, kv);
      EXPECT_EQ(decoded->hash, hash);
    }
  }
}

TEST(LastKnownFormat, LongKeysThatBeginAlikeLieApart) {
  const std::string begin(500, 'k');
  EXPECT_NE(LastKnownTableKey(begin + "a"), LastKnownTableKey(begin + "b"));
  EXPECT_NE(LastKnownTableKey(begin), LastKnownTableKey(begin.substr(1)));
}

TEST(LastKnownFormat, NoOctetOfARecordMayChangeOrBeMissing) {
  const std::string table_key = LastKnownTableKey(std::string(410, 'k'));
  std::string entry;
  EncodeLastKnown({std::string(410, 'k'), "value", 1, 2, 3, 4}, table_key, entry);
  for (std::size_t i = 0; i < entry.size(); ++i) {
    std::string wrong = entry;
    wrong[i] = static_cast<char>(wrong[i] ^ 0x10);
    EXPECT_FALSE(DecodeLastKnown(table_key, wrong)) << i;
    EXPECT_FALSE(DecodeLastKnown(table_key, std::string_view(entry).substr(0, i))) << i;
  }
  EXPECT_FALSE(DecodeLastKnown("/another/key", entry));
  EXPECT_FALSE(DecodeLastKnown("", entry));
  // Sealed rightly, and still not what lies under this key.
  std::string other;
  EncodeLastKnown({"/a/b", "value", 1, 2, 3, 4}, table_key, other);
  EXPECT_FALSE(DecodeLastKnown(table_key, other));
}

TEST(LastKnownFormat, NoOctetOfTheHeaderMayChangeOrBeMissing) {
  const std::string entry = EncodeLastKnownHeader(Header());
  const auto decoded = DecodeLastKnownHeader(entry);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, Header());
  for (std::size_t i = 0; i < entry.size(); ++i) {
    std::string wrong = entry;
    wrong[i] = static_cast<char>(wrong[i] ^ 0x10);
    EXPECT_FALSE(DecodeLastKnownHeader(wrong)) << i;
    EXPECT_FALSE(DecodeLastKnownHeader(std::string_view(entry).substr(0, i))) << i;
  }
}

TEST(LastKnownFormat, AnotherFormatIsRefusedWithBothNamed) {
  std::string entry = EncodeLastKnownHeader(Header());
  entry[lmdb::kHashSize] = 2;
  lmdb::Seal(kLastKnownHeaderKey, entry);
  const auto decoded = DecodeLastKnownHeader(entry);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::kRefused);
  EXPECT_THAT(decoded.error().message, HasSubstr("format 2, this rollcall knows 1"));
}

TEST(LastKnownFormat, AHeaderThatMakesNoSenseIsDamaged) {
  LastKnownHeader behind = Header();
  behind.changed = behind.revision + 1;
  EXPECT_FALSE(DecodeLastKnownHeader(EncodeLastKnownHeader(behind)));
  LastKnownHeader early = Header();
  early.seen = WallTime(std::chrono::seconds(-1));
  EXPECT_FALSE(DecodeLastKnownHeader(EncodeLastKnownHeader(early)));
}

}  // namespace
}  // namespace rollcall::catalog
