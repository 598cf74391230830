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

// Of one answer: protobuf's limit, less what a header takes.
constexpr std::size_t kMostAnswerOctets = (std::size_t{1} << 31) - (std::size_t{1} << 16);

// The size of its answer is not bound by that of the request: each key of it may hold as
// much as a request may be large.
struct MayAnswerMuch {
  bool operator()(const store::embedded::Txn& txn) const {
    return IsAny(txn.then) || IsAny(txn.otherwise);
  }
  bool operator()(const Get& get) const { return !get.count_only; }
  bool operator()(const store::embedded::Put& put) const { return put.want_previous; }
  bool operator()(const store::embedded::Delete& deletion) const { return deletion.want_previous; }
  bool operator()(const store::embedded::Nested& nested) const { return (*this)(*nested); }

 private:
  [[nodiscard]] bool IsAny(const std::vector<store::embedded::Operation>& branch) const {
    return std::any_of(branch.begin(), branch.end(),
                       [this](const auto& operation) { return std::visit(*this, operation); });
  }
};

// Something was changed by it.
struct HasWritten {
  bool operator()(const TxnDone& done) const {
    return std::any_of(done.outcomes.begin(), done.outcomes.end(),
                       [this](const auto& outcome) { return std::visit(*this, outcome); });
  }
  bool operator()(const store::embedded::Found&) const { return false; }
  bool operator()(const PutDone&) const { return true; }
  bool operator()(const Deleted& deleted) const { return deleted.count > 0; }
  bool operator()(const std::shared_ptr<const TxnDone>& nested) const { return (*this)(*nested); }
};

}  // namespace

void KvService::Serve(Queue& queue) {
  ServeUnary(queue, *this, &KvService::RequestRange, [this](RangeCall& call) { OnRange(call); });
  ServeUnary(queue, *this, &KvService::RequestPut, [this](PutCall& call) { OnPut(call); });
  ServeUnary(queue, *this, &KvService::RequestDeleteRange,
             [this](DeleteCall& call) { OnDeleteRange(call); });
  ServeUnary(queue, *this, &KvService::RequestTxn, [this](TxnCall& call) { OnTxn(call); });
  ServeUnary(queue, *this, &KvService::RequestCompact,
             [this](CompactCall& call) { OnCompact(call); });
}

// --- reading

void KvService::OnRange(RangeCall& call) {
  shared_.Begin(call, [&] {
    etcdserverpb::RangeRequest range;
    const grpc::Status parsed =
        grpc::SerializationTraits<etcdserverpb::RangeRequest>::Deserialize(&call.request, &range);
    if (!parsed.ok()) return call.Finish(parsed);
    if (range.range_end().empty()) return Read(call, range);
    shared_.Read(call, [this, &call, range = std::move(range)] { Read(call, range); });
  });
}

void KvService::Read(RangeCall& call, const etcdserverpb::RangeRequest& request) {
  // The client may have gone while others were served.
  if (call.gone()) return call.Finish(grpc::Status::CANCELLED);
  const auto found = shared_.engine.Range(ToGet(request));
  if (!found) return call.Refuse(found.error());
  const std::size_t octets = SizeOf(*found, request.keys_only());
  if (octets > kMostAnswerOctets) {
    return call.Refuse({ErrorCode::kExhausted, "the answer is too large: ask for parts of it"});
  }
  if (!shared_.MayAnswer(call, octets)) return call.Refuse(TooManyRequests());
  call.response = Encode(shared_.HeaderAt(found->revision), *found, request.keys_only());
  call.Answer();
}

// --- writing

template <typename AnyCall, typename Fill>
void KvService::Write(AnyCall& call, store::embedded::Txn&& txn, Fill fill) {
  // Beforehand: what has been done cannot be refused.
  if (shared_.answer_octets.left() == 0 && MayAnswerMuch()(txn)) {
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
  if (!shared_.MayAnswer(call, octets)) {
    if (!HasWritten()(*done)) return call.Refuse(TooManyRequests());
    // Not refused for as long as there is any way.
    if (shared_.answer_octets.held() > 2 * shared_.limits.answer_octets) {
      return call.Refuse({ErrorCode::kExhausted,
                          "too many answers wait to be read; what was to be written is written"});
    }
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
