#include "etcdapi/kv_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "etcdapi/convert.h"
#include "etcdapi/encode.h"

namespace rollcall::etcdapi {
namespace {

using store::embedded::Deleted;
using store::embedded::Get;
using store::embedded::PutDone;
using store::embedded::TxnDone;

// Answers below this are not counted: the calls they belong to take as much.
constexpr std::size_t kLargeOctets = std::size_t{8} << 10;
// Of one answer: protobuf's limit, less what a header takes.
constexpr std::size_t kMostAnswerOctets = (std::size_t{1} << 31) - (std::size_t{1} << 16);

Error TooManyRequests() {
  return {ErrorCode::kExhausted, "too many requests"};
}

// The size of its answer is not bound by that of the request.
bool MayAnswerMuch(const store::embedded::Txn& txn) {
  const auto much = [](const std::vector<store::embedded::Operation>& branch) {
    return std::any_of(branch.begin(), branch.end(), [](const auto& operation) {
      if (const auto* get = std::get_if<Get>(&operation)) return !get->keys.end.empty();
      if (const auto* nested = std::get_if<store::embedded::Nested>(&operation)) {
        return MayAnswerMuch(**nested);
      }
      const auto* deletion = std::get_if<store::embedded::Delete>(&operation);
      return deletion != nullptr && deletion->want_previous && !deletion->keys.end.empty();
    });
  };
  return much(txn.then) || much(txn.otherwise);
}

}  // namespace

void KvService::Serve(Queue& queue, NamedMethods& seldom) {
  ServeUnary(queue, *this, &KvService::RequestRange, [this](RangeCall& call) { OnRange(call); });
  ServeUnary(queue, *this, &KvService::RequestPut, [this](PutCall& call) { OnPut(call); });
  ServeUnary(queue, *this, &KvService::RequestDeleteRange,
             [this](DeleteCall& call) { OnDeleteRange(call); });
  ServeUnary(queue, *this, &KvService::RequestTxn, [this](TxnCall& call) { OnTxn(call); });
  seldom.Add<etcdserverpb::CompactionRequest, etcdserverpb::CompactionResponse>(
      "/etcdserverpb.KV/Compact", [this](CompactCall& call) { OnCompact(call); });
}

// --- reading

void KvService::OnRange(RangeCall& call) {
  shared_.Begin(call, [&] {
    etcdserverpb::RangeRequest range;
    const grpc::Status parsed =
        grpc::SerializationTraits<etcdserverpb::RangeRequest>::Deserialize(&call.request, &range);
    if (!parsed.ok()) return call.Finish(parsed);
    if (range.range_end().empty()) return Read(call, range);
    const bool posted =
        shared_.readers.PostIfRoom([this, &call, range = std::move(range)] { Read(call, range); },
                                   shared_.limits.ranges_waiting);
    if (!posted) call.Refuse(TooManyRequests());
  });
}

void KvService::Read(RangeCall& call, const etcdserverpb::RangeRequest& request) {
  // The client may have gone while others were served.
  if (call.gone()) return call.Finish(grpc::Status::CANCELLED);
  const auto found = shared_.engine.Range(ToGet(request));
  if (!found) return call.Refuse(found.error());
  const std::size_t octets = SizeOf(*found, request.keys_only());
  if (octets >= kLargeOctets) {
    if (octets > kMostAnswerOctets) {
      return call.Refuse({ErrorCode::kExhausted, "the answer is too large: ask for parts of it"});
    }
    auto share = shared_.answer_octets.Take(octets);
    if (!share) return call.Refuse(TooManyRequests());
    call.Watch(shared_.outgoing, *std::move(share));
  }
  call.response = Encode(shared_.HeaderAt(found->revision), *found, request.keys_only());
  call.Answer();
}

// --- writing

template <typename AnyCall, typename Fill>
void KvService::Write(AnyCall& call, store::embedded::Txn&& txn, Fill fill) {
  // Beforehand: what has been done cannot be refused.
  if (shared_.answer_octets.left() == 0 && MayAnswerMuch(txn)) {
    return call.Refuse(TooManyRequests());
  }
  shared_.engine.Apply(std::move(txn), [this, &call, fill](Result<TxnDone> done) {
    if (!done || OctetsOf(*done) < kLargeOctets) return Answer(call, done, fill);
    // Copying it would hold up the engine's thread.
    shared_.readers.Post([this, &call, fill, done = std::move(done)] { Answer(call, done, fill); });
  });
}

template <typename AnyCall, typename Fill>
void KvService::Answer(AnyCall& call, const Result<TxnDone>& done, const Fill& fill) {
  if (!done) return call.Refuse(done.error());
  const std::size_t octets = OctetsOf(*done);
  if (octets > kMostAnswerOctets) {
    return call.Refuse(
        {ErrorCode::kExhausted, "the answer is too large; what was to be written is written"});
  }
  if (octets >= kLargeOctets) {
    call.Watch(shared_.outgoing, shared_.answer_octets.TakeAnyway(octets));
  }
  *call.response.mutable_header() = shared_.HeaderAt(done->revision);
  fill(call, *done);
  call.Answer();
}

template <typename AnyCall, typename Handle>
void KvService::Begin(AnyCall& call, Handle handle) const {
  shared_.Begin(call, [&] {
    if (call.request.ByteSizeLong() > shared_.limits.request_octets) {
      return call.Refuse({ErrorCode::kInvalid, "request is too large"});
    }
    handle();
  });
}

void KvService::OnPut(PutCall& call) {
  Begin(call, [&] {
    store::embedded::Txn txn;
    txn.then.emplace_back(ToPut(call.request));
    Write(call, std::move(txn), [](PutCall& answered, const TxnDone& done) {
      Fill(std::get<PutDone>(done.outcomes[0]), answered.response);
    });
  });
}

void KvService::OnDeleteRange(DeleteCall& call) {
  Begin(call, [&] {
    store::embedded::Txn txn;
    txn.then.emplace_back(ToDelete(call.request));
    Write(call, std::move(txn), [](DeleteCall& answered, const TxnDone& done) {
      Fill(std::get<Deleted>(done.outcomes[0]), answered.response);
    });
  });
}

void KvService::OnTxn(TxnCall& call) {
  Begin(call, [&] {
    auto txn = ToTxn(call.request);
    if (!txn) return call.Refuse(txn.error());
    Write(call, *std::move(txn), [](TxnCall& answered, const TxnDone& done) {
      Fill(done, answered.request, answered.response);
    });
  });
}

void KvService::OnCompact(CompactCall& call) {
  Begin(call, [&] {
    // `physical` asks to wait until the space is free; compacted is what we are when it
    // is durable, the space follows in small steps.
    shared_.engine.Compact(call.request.revision(),
                           [this, &call](const Result<store::Revision>& done) {
                             if (!done) return call.Refuse(done.error());
                             *call.response.mutable_header() = shared_.HeaderAt(*done);
                             call.Answer();
                           });
  });
}

}  // namespace rollcall::etcdapi
