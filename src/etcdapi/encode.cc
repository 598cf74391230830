#include "etcdapi/encode.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <algorithm>
#include <limits>
#include <string_view>

namespace rollcall::etcdapi {
namespace {

using google::protobuf::io::CodedOutputStream;
using store::embedded::Change;
using store::embedded::RecordBody;

constexpr std::size_t kProtobufsMost = std::numeric_limits<int>::max();
constexpr std::size_t kBlockOctets = std::size_t{1} << 20;

// Of fields numbered below 16.
constexpr std::uint32_t NumberTag(int field) {
  return static_cast<std::uint32_t>(field) << 3;
}
constexpr std::uint32_t OctetsTag(int field) {
  return static_cast<std::uint32_t>(field) << 3 | 2;
}

std::size_t NumberSize(std::uint64_t number) {
  return number == 0 ? 0 : 1 + CodedOutputStream::VarintSize64(number);
}
// Of a field of this many octets, tag and length included.
std::size_t FieldSize(std::size_t octets) {
  return 1 + CodedOutputStream::VarintSize64(octets) + octets;
}
std::size_t TextSize(std::string_view text) {
  return text.empty() ? 0 : FieldSize(text.size());
}

// One message as it is written: a CodedOutputStream with proto3's rule that what is
// zero or empty is left out.
class Out {
 public:
  explicit Out(CodedOutputStream& stream) : stream_(stream) {}

  void Number(int field, std::uint64_t number) {
    if (number == 0) return;
    stream_.WriteTag(NumberTag(field));
    stream_.WriteVarint64(number);
  }
  void Text(int field, std::string_view text) {
    if (text.empty()) return;
    Begin(field, text.size());
    stream_.WriteRaw(text.data(), static_cast<int>(text.size()));
  }
  // A message of `size` octets follows.
  void Begin(int field, std::size_t size) {
    stream_.WriteTag(OctetsTag(field));
    stream_.WriteVarint64(size);
  }

 private:
  CodedOutputStream& stream_;
};

std::uint64_t Unsigned(std::int64_t number) {
  return static_cast<std::uint64_t>(number);
}

// mvccpb.KeyValue
std::size_t SizeOf(const RecordBody& record, bool keys_only) {
  return TextSize(record.key()) + NumberSize(Unsigned(record.create_revision())) +
         NumberSize(Unsigned(record.mod_revision())) + NumberSize(Unsigned(record.version())) +
         (keys_only ? 0 : TextSize(record.value())) + NumberSize(Unsigned(record.lease()));
}
void Write(const RecordBody& record, bool keys_only, Out& out) {
  using Proto = mvccpb::KeyValue;
  out.Text(Proto::kKeyFieldNumber, record.key());
  out.Number(Proto::kCreateRevisionFieldNumber, Unsigned(record.create_revision()));
  out.Number(Proto::kModRevisionFieldNumber, Unsigned(record.mod_revision()));
  out.Number(Proto::kVersionFieldNumber, Unsigned(record.version()));
  if (!keys_only) out.Text(Proto::kValueFieldNumber, record.value());
  out.Number(Proto::kLeaseFieldNumber, Unsigned(record.lease()));
}

// mvccpb.Event
std::size_t SizeOf(const Change& change) {
  return NumberSize(change.record->is_tombstone() ? mvccpb::Event::DELETE : mvccpb::Event::PUT) +
         FieldSize(SizeOf(*change.record, false)) +
         (change.previous ? FieldSize(SizeOf(*change.previous, false)) : 0);
}
void Write(const Change& change, Out& out) {
  using Proto = mvccpb::Event;
  if (change.record->is_tombstone()) out.Number(Proto::kTypeFieldNumber, Proto::DELETE);
  out.Begin(Proto::kKvFieldNumber, SizeOf(*change.record, false));
  Write(*change.record, false, out);
  if (!change.previous) return;
  out.Begin(Proto::kPrevKvFieldNumber, SizeOf(*change.previous, false));
  Write(*change.previous, false, out);
}

// `head`, and behind it `size` octets that `write_rest` writes: fields of a message may
// come in any order.
template <typename Message, typename WriteRest>
grpc::ByteBuffer Assemble(const Message& head, std::size_t size, WriteRest write_rest) {
  const std::size_t all = head.ByteSizeLong() + size;
  grpc::ByteBuffer buffer;
  {
    const auto block = static_cast<int>(std::min(std::max<std::size_t>(all, 1), kBlockOctets));
    grpc::ProtoBufferWriter blocks(&buffer, block, static_cast<int>(all));
    CodedOutputStream stream(&blocks);
    head.SerializeWithCachedSizes(&stream);
    Out out(stream);
    write_rest(out);
  }
  return buffer;
}

}  // namespace

std::size_t SizeOf(const store::embedded::Found& found, bool keys_only) {
  std::size_t size = 0;
  for (const auto& record : found.records) size += FieldSize(SizeOf(*record, keys_only));
  return size;
}

grpc::ByteBuffer Encode(const etcdserverpb::ResponseHeader& header,
                        const store::embedded::Found& found, bool keys_only) {
  etcdserverpb::RangeResponse head;
  *head.mutable_header() = header;
  head.set_more(found.more);
  head.set_count(found.count);
  return Assemble(head, SizeOf(found, keys_only), [&](Out& out) {
    for (const auto& record : found.records) {
      out.Begin(etcdserverpb::RangeResponse::kKvsFieldNumber, SizeOf(*record, keys_only));
      Write(*record, keys_only, out);
    }
  });
}

Result<grpc::ByteBuffer> Encode(const etcdserverpb::ResponseHeader& header,
                                const WatchMessage& message) {
  etcdserverpb::WatchResponse head;
  *head.mutable_header() = header;
  head.mutable_header()->set_revision(message.revision);
  head.set_watch_id(message.id);
  head.set_created(message.created);
  head.set_canceled(message.canceled);
  head.set_compact_revision(message.compact_revision);
  head.set_cancel_reason(message.cancel_reason);
  head.set_fragment(message.fragment);
  std::size_t size = 0;
  for (const Change& change : message.changes) size += FieldSize(SizeOf(change));
  if (size + head.ByteSizeLong() > kProtobufsMost) {
    return Fail(ErrorCode::kExhausted, "the changes of one revision are too large to be sent");
  }
  return Assemble(head, size, [&](Out& out) {
    for (const Change& change : message.changes) {
      out.Begin(etcdserverpb::WatchResponse::kEventsFieldNumber, SizeOf(change));
      Write(change, out);
    }
  });
}

}  // namespace rollcall::etcdapi
