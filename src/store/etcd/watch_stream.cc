#include "store/etcd/watch_stream.h"

#include <utility>

#include "store/etcd/convert.h"

namespace rollcall::store::etcd {
namespace {

// When the consumer lags by this much, reading stops, and HTTP/2's flow control
// makes etcd wait.
constexpr std::size_t kMaxQueuedBytes = 16 << 20;

}  // namespace

WatchStream::WatchStream(std::shared_ptr<Cluster> cluster, std::size_t member,
                         const std::string& token, WatchRequest request)
    : cluster_(std::move(cluster)),
      member_(member),
      request_(std::move(request)),
      assembler_(request_.ranges.size()),
      queue_(kMaxQueuedBytes) {
  Cluster::AddMetadata(context_, token);
  cluster_->Subscribe(this, member_, [this] {
    queue_.End({ErrorCode::kUnavailable, "etcd at " + cluster_->member(member_).endpoint.name +
                                             ": silent while another member answers"});
    context_.TryCancel();
  });
  reader_ = std::jthread([this] { Read(); });
}

WatchStream::~WatchStream() {
  cluster_->Unsubscribe(this);
  Cancel();
}

void WatchStream::Cancel() {
  queue_.Cancel();
  context_.TryCancel();  // also before the call exists: it is then born cancelled
}

Cluster::Outcome WatchStream::WaitConfirmed(Deadline deadline) {
  const bool confirmed = queue_.WaitConfirmed(deadline);
  // A range refused is confirmed and cancelled in one message; one that is
  // compacted is a watch that Next() will end.
  RpcStatus status = *status_.Lock();
  if (!status.ok()) return {std::move(status)};
  if (confirmed) return {};
  return {{RpcCode::kDeadlineExceeded, "watch not confirmed in the time given"}};
}

void WatchStream::Read() {
  const std::unique_ptr<Rpc> stream = cluster_->member(member_).watch->Watch(&context_);
  bool open = true;
  for (const KeyRange& keys : request_.ranges) {
    open = open && stream->Write(ToCreateRequest(keys, request_.start_revision));
  }
  etcdserverpb::WatchResponse response;
  bool wanted = true;
  while (open && wanted && stream->Read(&response)) wanted = Take(std::move(response));
  // Not where the stream broke by itself: its own status says why, and counts
  // against the member.
  if (!wanted) context_.TryCancel();
  RpcStatus status = FromGrpc(stream->Finish());
  if (queue_.over()) return;
  if (status.ok()) status = {RpcCode::kUnavailable, "the member ended the watch"};
  End(status);
}

bool WatchStream::Take(etcdserverpb::WatchResponse&& response) {
  WatchAssembler::Step step = assembler_.Take(FromProto(std::move(response)));
  if (step.end) End(*step.end);
  if (assembler_.all_created()) queue_.Confirm();
  if (step.batch && !queue_.Push(*std::move(step.batch))) return false;
  return !queue_.over();
}

void WatchStream::End(const WatchEnd& end) {
  if (!end.compacted) return End(end.status);
  queue_.End({ErrorCode::kCompacted,
              "etcd at " + cluster_->member(member_).endpoint.name + ": history before revision " +
                  std::to_string(end.compact_revision) + " is no longer kept"});
}

void WatchStream::End(const RpcStatus& status) {
  *status_.Lock() = status;
  Error error = ToError(status, cluster_->member(member_).endpoint.name);
  if (IsMemberFailure(status)) cluster_->StreamFailed(member_);
  if (IsTokenFailure(status)) cluster_->DropToken();
  // The stream itself was good, and so may the next be.
  if (error.code == ErrorCode::kCancelled) error.code = ErrorCode::kUnavailable;
  queue_.End(std::move(error));
}

}  // namespace rollcall::store::etcd
