#include "etcdapi/kv_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "etcdapi/convert.h"
#include "etcdapi/encode.h"

namespace rollcall::etcdapi {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
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

// --- reading

ServerUnaryReactor* KvService::Range(CallbackServerContext* context,
                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return shared_.Begin(*context, [&](Call* call) {
    etcdserverpb::RangeRequest range;
    grpc::ByteBuffer octets = *request;  // shares them
    const grpc::Status parsed =
        grpc::SerializationTraits<etcdserverpb::RangeRequest>::Deserialize(&octets, &range);
    if (!parsed.ok()) return call->Finish(parsed);
    if (range.range_end().empty()) return Read(call, *context, range, *response);
    const bool posted = shared_.readers.PostIfRoom(
        [this, call, context, response, range = std::move(range)] {
          Read(call, *context, range, *response);
        },
        shared_.limits.ranges_waiting);
    if (!posted) call->Refuse(TooManyRequests());
  });
}

void KvService::Read(Call* call, CallbackServerContext& context,
                     const etcdserverpb::RangeRequest& request, grpc::ByteBuffer& response) {
  // The client may have gone while others were served.
  if (context.IsCancelled()) return call->Finish(grpc::Status::CANCELLED);
  const auto found = shared_.engine.Range(ToGet(request));
  if (!found) return call->Refuse(found.error());
  const std::size_t octets = SizeOf(*found, request.keys_only());
  if (octets >= kLargeOctets) {
    if (octets > kMostAnswerOctets) {
      return call->Refuse({ErrorCode::kExhausted, "the answer is too large: ask for parts of it"});
    }
    auto share = shared_.answer_octets.Take(octets);
    if (!share) return call->Refuse(TooManyRequests());
    call->Watch(shared_.outgoing, *std::move(share), context);
  }
  response = Encode(shared_.HeaderAt(found->revision), *found, request.keys_only());
  call->Answer();
}

// --- writing

template <typename Response, typename Fill>
void KvService::Write(Call* call, CallbackServerContext& context, store::embedded::Txn&& txn,
                      Response& response, Fill fill) {
  // Beforehand: what has been done cannot be refused.
  if (shared_.answer_octets.left() == 0 && MayAnswerMuch(txn)) {
    return call->Refuse(TooManyRequests());
  }
  shared_.engine.Apply(std::move(txn), [this, call, &context, &response,
                                        fill = std::move(fill)](Result<TxnDone> done) mutable {
    if (!done || OctetsOf(*done) < kLargeOctets) {
      return Answer(call, context, done, response, fill);
    }
    // Copying it would hold up the engine's thread.
    shared_.readers.Post([this, call, &context, &response, fill = std::move(fill),
                          done = std::move(done)] { Answer(call, context, done, response, fill); });
  });
}

template <typename Response, typename Fill>
void KvService::Answer(Call* call, CallbackServerContext& context, const Result<TxnDone>& done,
                       Response& response, const Fill& fill) {
  if (!done) return call->Refuse(done.error());
  const std::size_t octets = OctetsOf(*done);
  if (octets > kMostAnswerOctets) {
    return call->Refuse(
        {ErrorCode::kExhausted, "the answer is too large; what was to be written is written"});
  }
  if (octets >= kLargeOctets) {
    call->Watch(shared_.outgoing, shared_.answer_octets.TakeAnyway(octets), context);
  }
  *response.mutable_header() = shared_.HeaderAt(done->revision);
  fill(*done);
  call->Answer();
}

template <typename Request, typename Serve>
Call* KvService::Begin(const CallbackServerContext& context, const Request& request,
                       Serve serve) const {
  return shared_.Begin(context, [&](Call* call) {
    if (request.ByteSizeLong() > shared_.limits.request_octets) {
      return call->Refuse({ErrorCode::kInvalid, "request is too large"});
    }
    serve(call);
  });
}

ServerUnaryReactor* KvService::Put(CallbackServerContext* context,
                                   const etcdserverpb::PutRequest* request,
                                   etcdserverpb::PutResponse* response) {
  return Begin(*context, *request, [&](Call* call) {
    store::embedded::Txn txn;
    txn.then.emplace_back(ToPut(*request));
    Write(call, *context, std::move(txn), *response, [response](const TxnDone& done) {
      Fill(std::get<PutDone>(done.outcomes[0]), *response);
    });
  });
}

ServerUnaryReactor* KvService::DeleteRange(CallbackServerContext* context,
                                           const etcdserverpb::DeleteRangeRequest* request,
                                           etcdserverpb::DeleteRangeResponse* response) {
  return Begin(*context, *request, [&](Call* call) {
    store::embedded::Txn txn;
    txn.then.emplace_back(ToDelete(*request));
    Write(call, *context, std::move(txn), *response, [response](const TxnDone& done) {
      Fill(std::get<Deleted>(done.outcomes[0]), *response);
    });
  });
}

ServerUnaryReactor* KvService::Txn(CallbackServerContext* context,
                                   const etcdserverpb::TxnRequest* request,
                                   etcdserverpb::TxnResponse* response) {
  return Begin(*context, *request, [&](Call* call) {
    auto txn = ToTxn(*request);
    if (!txn) return call->Refuse(txn.error());
    Write(call, *context, *std::move(txn), *response,
          [request, response](const TxnDone& done) { Fill(done, *request, *response); });
  });
}

ServerUnaryReactor* KvService::Compact(CallbackServerContext* context,
                                       const etcdserverpb::CompactionRequest* request,
                                       etcdserverpb::CompactionResponse* response) {
  return Begin(*context, *request, [&](Call* call) {
    // `physical` asks to wait until the space is free; compacted is what we are when it
    // is durable, the space follows in small steps.
    shared_.engine.Compact(request->revision(),
                           [this, call, response](const Result<store::Revision>& done) {
                             if (!done) return call->Refuse(done.error());
                             *response->mutable_header() = shared_.HeaderAt(*done);
                             call->Answer();
                           });
  });
}

}  // namespace rollcall::etcdapi
