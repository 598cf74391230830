#include "etcdapi/watch_service.h"

#include <utility>

#include "etcdapi/convert.h"
#include "etcdapi/encode.h"

namespace rollcall::etcdapi {

// What gRPC knows of a stream.  Lives until gRPC is done with it, and then deletes
// itself; a talk that is still having its last turn lives on without it.
class WatchService::Watcher final : private StreamEvents, private WatchLine {
 public:
  Watcher(WatchService& service, WatchStream& stream, Budget::Share share)
      : service_(service),
        stream_(stream),
        header_(service.shared_.HeaderAt(0)),
        cutter_(stream.context()),
        share_(std::move(share)) {
    stream_.Tell(*this);
    // What the client shows is shown once, but looked at for each watch, as in etcd.
    Gate& gate = *service.shared_.gate;
    auto admit = [&gate, caller = gate.has_users() ? CallerOf(stream.context()) : Gate::Caller{}] {
      return gate.Admit(caller);
    };
    WatchLine& line = *this;
    talk_ = std::make_shared<WatchTalk>(service.pump_, service.setup_, line, std::move(admit));
    if (!service.Add(talk_)) talk_->Close({ErrorCode::kUnavailable, "server stopped"});
    talk_->Wake();
  }

 private:
  // --- from gRPC

  void OnReadDone(bool ok) override {
    if (!ok) return talk_->OnReadEnd();
    etcdserverpb::WatchRequest request;
    const grpc::Status parsed =
        grpc::SerializationTraits<etcdserverpb::WatchRequest>::Deserialize(&octets_in_, &request);
    if (!parsed.ok()) return talk_->Close({ErrorCode::kInternal, parsed.error_message()});
    talk_->OnRequest(ToWatchRequest(request));
  }
  void OnWriteDone(bool ok) override {
    octets_out_.Clear();
    if (ok) {
      talk_->OnSent();
    } else {
      talk_->OnBroken();
    }
  }
  void OnGone() override { talk_->OnBroken(); }
  void OnDone() override {
    service_.Remove(talk_);
    delete this;
  }

  // --- from the talk

  void Read() override { stream_.Read(octets_in_); }
  void Send(WatchMessage message) override {
    auto octets = Encode(header_, message);
    if (!octets) return talk_->Close(std::move(octets.error()));
    octets_out_ = *std::move(octets);
    stream_.Write(octets_out_);
  }
  void End(const Result<void>& status) override {
    if (status) return stream_.Finish(grpc::Status::OK);
    // Else the status would wait behind what the client does not read.
    cutter_.Cut(status.error());
    stream_.Finish(ToGrpc(status.error()));
  }

  WatchService& service_;
  WatchStream& stream_;
  const etcdserverpb::ResponseHeader header_;
  const Cutter cutter_;
  const Budget::Share share_;
  std::shared_ptr<WatchTalk> talk_;
  grpc::ByteBuffer octets_in_;
  grpc::ByteBuffer octets_out_;
};

WatchService::WatchService(Shared& shared)
    : shared_(shared),
      budget_(shared.limits.watch_streams),
      setup_{.engine = shared.engine,
             .clock = SystemClock(),
             .watches = Budget(shared.limits.watches),
             .octets = Budget(shared.limits.watch_octets),
             .bounds = {.watches = shared.limits.watches_per_stream},
             .patience = shared.limits.patience,
             .progress = shared.limits.progress} {
}

void WatchService::Serve(Queue& queue) {
  ServeStreams(queue, *this, &WatchService::RequestWatch,
               [this](WatchStream& stream) { OnWatch(stream); });
}

void WatchService::OnWatch(WatchStream& stream) {
  if (auto share = Admit()) {
    new Watcher(*this, stream, *std::move(share));
  } else {
    stream.Refuse(share.error());
  }
}

Result<Budget::Share> WatchService::Admit() {
  if (talks_.Lock()->closed) return Fail(ErrorCode::kUnavailable, "server stopped");
  auto share = budget_.Take(1);
  if (share) return *std::move(share);
  return Fail(ErrorCode::kExhausted,
              "too many watch streams, at most " + std::to_string(shared_.limits.watch_streams));
}

bool WatchService::Add(const std::shared_ptr<WatchTalk>& talk) {
  auto talks = talks_.Lock();
  talks->all.insert(talk);
  return !talks->closed;
}

void WatchService::Remove(const std::shared_ptr<WatchTalk>& talk) {
  ++streams_ended_;
  auto talks = talks_.Lock();
  talks->all.erase(talk);
  if (talks->all.empty()) ended_.notify_all();
}

std::vector<std::shared_ptr<WatchTalk>> WatchService::All() const {
  auto talks = talks_.Lock();
  return {talks->all.begin(), talks->all.end()};
}

void WatchService::Tick(SteadyTime now) {
  const auto talks = All();
  bool hurry = false;
  for (const auto& talk : talks) hurry = hurry || talk->IsWaitingForRoom();
  for (const auto& talk : talks) talk->Tick(now, hurry);
}

void WatchService::Close() {
  talks_.Lock()->closed = true;
  for (const auto& talk : All()) talk->Close({ErrorCode::kUnavailable, "server stopped"});
}

void WatchService::WaitForEnd(SteadyTime limit) {
  auto talks = talks_.Lock();
  (void)talks.WaitUntil(ended_, limit, [&] { return talks->all.empty(); });
}

}  // namespace rollcall::etcdapi
