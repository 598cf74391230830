// One watch: a gRPC stream, and the thread that reads it.  Includes gRPC: for .cc
// files of this room only.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "store/etcd/cluster.h"
#include "store/etcd/core/batch_queue.h"
#include "store/etcd/core/watch_assembler.h"

namespace rollcall::store::etcd {

class WatchStream : public Watch {
 public:
  // Starts reading from `member`; all ranges go over one stream.
  WatchStream(std::shared_ptr<Cluster> cluster, std::size_t member, const std::string& token,
              WatchRequest request);
  ~WatchStream() override;  // waits for the reader, which a cancelled stream ends at once

  // Waits until the member has confirmed every range.
  [[nodiscard]] Cluster::Outcome WaitConfirmed(Deadline deadline);

  [[nodiscard]] Result<WatchBatch> Next(Deadline deadline) override { return queue_.Pop(deadline); }
  void Cancel() override;

 private:
  using Rpc = grpc::ClientReaderWriter<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>;

  void Read();
  // False: over.
  bool Take(etcdserverpb::WatchResponse&& response);
  void End(const WatchEnd& end);
  void End(const RpcStatus& status);

  const std::shared_ptr<Cluster> cluster_;
  const std::size_t member_;
  const WatchRequest request_;
  grpc::ClientContext context_;
  WatchAssembler assembler_;
  BatchQueue queue_;
  Guarded<RpcStatus> status_;  // why it ended, for WaitConfirmed()
  std::jthread reader_;        // last: ends before what it uses
};

}  // namespace rollcall::store::etcd
