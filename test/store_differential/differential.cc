// differential ONE OTHER SEED OPERATIONS - the same random operations to two servers of the
// etcd v3 API, HOST:PORT each, that are both empty; stops at the first answer that differs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "operations.h"

namespace rollcall::differential {
namespace {

class Trial {
 public:
  Trial(const std::string& one, const std::string& other, unsigned seed)
      : one_(one), other_(other), draw_(seed) {}

  int Run(int operations) {
    StartWatches();
    for (int i = 0; i < operations; ++i) {
      Step();
      if (i % 20 == 19) CompareEvents();
    }
    CompareEvents();
    std::printf("%d operations, %d refused alike, %d events, revision %lld: no difference\n",
                operations, refused_, events_ / 2, static_cast<long long>(draw_.revision()));
    return 0;
  }

 private:
  // The same request to both; what the answers say has to be the same.
  template <typename Request, typename Answer, typename Call>
  void Ask(const char* what, const Request& request, Answer answer, Call call) {
    Answer other_answer;
    const grpc::Status one = call(one_, request, answer);
    const grpc::Status other = call(other_, request, other_answer);
    if constexpr (requires { answer.header(); }) {
      if (one.ok() && answer.header().revision() > 0) draw_.Now(answer.header().revision());
    }
    if (!one.ok()) ++refused_;
    const std::string left = Describe(one, answer);
    const std::string right = Describe(other, other_answer);
    if (left != right) Differ(what, request.DebugString(), left, right);
  }

  [[noreturn]] static void Differ(const std::string& what, const std::string& request,
                                  const std::string& one, const std::string& other) {
    std::printf("%s\n%s--- one\n%s\n--- other\n%s\n", what.c_str(), request.c_str(), one.c_str(),
                other.c_str());
    std::fflush(stdout);
    std::_Exit(1);
  }

  void Step() {
    const int what = draw_.Below(20);
    if (what < 6) {
      Ask("Put", draw_.Put(), etcdserverpb::PutResponse(),
          [](Server& server, const auto& request, auto& answer) {
            grpc::ClientContext context;
            return server.kv->Put(&context, request, &answer);
          });
    } else if (what < 10) {
      Ask("Range", draw_.Range(), etcdserverpb::RangeResponse(),
          [](Server& server, const auto& request, auto& answer) {
            grpc::ClientContext context;
            return server.kv->Range(&context, request, &answer);
          });
    } else if (what < 12) {
      Ask("DeleteRange", draw_.Delete(), etcdserverpb::DeleteRangeResponse(),
          [](Server& server, const auto& request, auto& answer) {
            grpc::ClientContext context;
            return server.kv->DeleteRange(&context, request, &answer);
          });
    } else if (what < 17) {
      Ask("Txn", draw_.Txn(2), etcdserverpb::TxnResponse(),
          [](Server& server, const auto& request, auto& answer) {
            grpc::ClientContext context;
            return server.kv->Txn(&context, request, &answer);
          });
    } else if (what == 17 && draw_.OneIn(3)) {
      Ask("Compact", draw_.Compaction(), etcdserverpb::CompactionResponse(),
          [](Server& server, const auto& request, auto& answer) {
            grpc::ClientContext context;
            return server.kv->Compact(&context, request, &answer);
          });
    } else {
      AskLeases();
    }
  }

  void AskLeases() {
    const std::int64_t id = draw_.LeaseId();
    switch (draw_.Below(4)) {
      case 0: {
        etcdserverpb::LeaseGrantRequest request;
        request.set_id(id);
        request.set_ttl(draw_.OneIn(10) ? 9'000'000'001 : 5000);
        return Ask("LeaseGrant", request, etcdserverpb::LeaseGrantResponse(),
                   [](Server& server, const auto& grant, auto& answer) {
                     grpc::ClientContext context;
                     return server.lease->LeaseGrant(&context, grant, &answer);
                   });
      }
      case 1: {
        etcdserverpb::LeaseRevokeRequest request;
        request.set_id(id);
        return Ask("LeaseRevoke", request, etcdserverpb::LeaseRevokeResponse(),
                   [](Server& server, const auto& revoke, auto& answer) {
                     grpc::ClientContext context;
                     return server.lease->LeaseRevoke(&context, revoke, &answer);
                   });
      }
      default: {
        etcdserverpb::LeaseTimeToLiveRequest request;
        request.set_id(id);
        request.set_keys(draw_.OneIn(2));
        return Ask("LeaseTimeToLive", request, etcdserverpb::LeaseTimeToLiveResponse(),
                   [](Server& server, const auto& times, auto& answer) {
                     grpc::ClientContext context;
                     const auto status = server.lease->LeaseTimeToLive(&context, times, &answer);
                     // Seconds pass between the two; keys come in any order from etcd.
                     if (answer.ttl() > 0) answer.set_ttl(answer.ttl() > 4000 ? 5000 : 1);
                     std::sort(answer.mutable_keys()->begin(), answer.mutable_keys()->end());
                     return status;
                   });
      }
    }
  }

  // --- what watches are told

  struct Watching {
    grpc::ClientContext context;
    std::unique_ptr<
        grpc::ClientReaderWriter<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>>
        stream;
    std::int64_t revision = 1;
  };

  static void Start(Server& server, Watching& watching) {
    watching.stream = server.watch->Watch(&watching.context);
    etcdserverpb::WatchRequest request;
    auto& create = *request.mutable_create_request();
    create.set_key(std::string(1, '\0'));
    create.set_range_end(std::string(1, '\0'));
    create.set_prev_kv(true);
    etcdserverpb::WatchResponse response;
    if (!watching.stream->Write(request) || !watching.stream->Read(&response) ||
        !response.created()) {
      Differ("a watch", "", "was not created", "");
    }
  }
  void StartWatches() {
    Start(one_, one_watch_);
    Start(other_, other_watch_);
  }

  // All events up to `revision`, as text, whole revisions however they were bundled.
  std::string Events(Watching& watching, std::int64_t revision) {
    std::string text;
    while (watching.revision < revision) {
      etcdserverpb::WatchResponse response;
      if (!watching.stream->Read(&response) || response.canceled()) {
        Differ("a watch", "", "ended", response.DebugString());
      }
      for (auto& event : *response.mutable_events()) {
        watching.revision = event.kv().mod_revision();
        text += Describe(grpc::Status::OK, event);
        ++events_;
      }
    }
    return text;
  }
  void CompareEvents() {
    const std::int64_t revision = draw_.revision();
    const std::string one = Events(one_watch_, revision);
    const std::string other = Events(other_watch_, revision);
    // Deletions of one lease's keys come in any order from etcd; all else in one.
    if (one != other) Differ("events up to " + std::to_string(revision), "", one, other);
  }

  Server one_;
  Server other_;
  Draw draw_;
  Watching one_watch_;
  Watching other_watch_;
  int refused_ = 0;
  int events_ = 0;  // of both
};

}  // namespace
}  // namespace rollcall::differential

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: differential ONE OTHER SEED OPERATIONS\n");
    return 2;
  }
  rollcall::differential::Trial trial(argv[1], argv[2], static_cast<unsigned>(std::atoi(argv[3])));
  return trial.Run(std::atoi(argv[4]));
}
