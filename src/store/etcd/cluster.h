// Carries out calls on some member of the cluster: which one, with which token, and
// what to do when it does not answer.  Includes gRPC: for .cc files of this room.
//
// Threads: any number may call at once.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "store/etcd/channel.h"
#include "store/etcd/core/endpoints.h"
#include "store/store.h"

namespace rollcall::store::etcd {

class Cluster {
 public:
  struct Login {
    std::string user;  // "": none
    std::string password;
    std::string password_file;  // "": none

    // What the file says now; if it cannot be read, the password given.
    [[nodiscard]] std::string CurrentPassword() const;
  };
  Cluster(std::vector<Member> members, Login login);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  enum class Effect {
    kRead,   // harmless to repeat: tried on every member within the deadline
    kWrite,  // tried on another member only if it cannot have happened
  };

  // How one try on one member ended.
  struct Outcome {
    RpcStatus status;
    bool sent = true;  // it may have reached the member
  };

  // One unary call; `context` carries deadline and metadata.
  using Rpc = std::function<grpc::Status(Member& member, grpc::ClientContext& context)>;
  [[nodiscard]] Result<void> Call(Effect effect, const Rpc& rpc, Deadline deadline);

  // The same for what is no unary call: `attempt` gets a connected member (or one
  // that fails at once), the token, and its share of the time.
  using Attempt =
      std::function<Outcome(std::size_t member, const std::string& token, Deadline deadline)>;
  [[nodiscard]] Result<void> Try(Effect effect, const Attempt& attempt, Deadline deadline);

  // Prepares `context`: the token, and the demand for a member that has a leader.
  static void AddMetadata(grpc::ClientContext& context, const std::string& token);

  // A stream from `member` broke.
  void StreamFailed(std::size_t member);
  // The token was found to be no longer valid, or may be what a member is waiting for.
  void DropToken();

  // `abandon` is called when `member` stays silent while another one answers; from
  // any thread, never after Unsubscribe() has returned.
  void Subscribe(const void* stream, std::size_t member, std::function<void()> abandon);
  void Unsubscribe(const void* stream);

  [[nodiscard]] Member& member(std::size_t index) { return members_[index]; }
  [[nodiscard]] std::uint64_t failovers() const { return failovers_.load(); }

 private:
  struct Stream {
    std::size_t member;
    std::function<void()> abandon;
  };

  Outcome TryMember(std::size_t index, const Attempt& attempt, Deadline deadline);
  Outcome Authenticate(Member& member, Deadline deadline, std::string& token);
  void NoteAnswer(std::size_t index, const std::vector<std::size_t>& silent);
  void HintAtTls(const Member& member, const RpcStatus& status);

  std::vector<Member> members_;
  const Login login_;
  Guarded<EndpointPicker> picker_;
  Guarded<std::optional<std::string>> token_;
  Guarded<std::map<const void*, Stream>> streams_;
  std::atomic<std::uint64_t> failovers_{0};
  std::atomic<bool> ever_answered_{false};
  std::atomic<bool> hinted_{false};
};

}  // namespace rollcall::store::etcd
